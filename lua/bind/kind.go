package bind

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// A Kind is one sort of value that crosses the Lua border. It checks what comes
// in, converts what goes out, and names the type wherever it is shown. Kinds of
// your own are made from these with As, Maybe, Ptr, OneOf and ListOf.
type Kind[T any] struct {
	Name   string     // as LuaLS spells it: "string", "Container"
	Want   string     // as a person says it: "a whole number"
	Values []string   // the words of an enumeration
	Object string     // the noun whose live names fit here: "container"
	Keys   []ParamDoc // the keys of an options table or filter

	class installer // the class that it is of or holds
	shape shape
	from  func(call, lua.LValue) (T, error) // errOther: not this kind
	to    func(call, T) lua.LValue          // nil: never returned
	plain func(T) any                       // for filters: string, float64, bool, []string, map[string]string or nil
	show  func(T) string                    // a default, as Lua writes it
}

// shape is how a value is compared by filters and shown in tables.
type shape int

const (
	shapeOther shape = iota
	shapeText
	shapeNumber
	shapeBool
	shapeSize
	shapeDuration
	shapeTime
	shapeList
	shapeMap
)

// errOther says that a value is of another sort; the caller then says what was
// wanted and what came. Any other error of a conversion is shown as it is.
var errOther = errors.New("not of this kind")

// String is text. Numbers are not text.
var String = Kind[string]{
	Name: "string", Want: "a string", shape: shapeText,
	from: func(_ call, v lua.LValue) (string, error) {
		if s, ok := v.(lua.LString); ok {
			return string(s), nil
		}
		return "", errOther
	},
	to:    func(_ call, s string) lua.LValue { return lua.LString(s) },
	plain: func(s string) any { return s },
	show:  strconv.Quote,
}

// Text is text; a number or boolean given for it becomes text.
var Text = String.accept(func(_ call, v lua.LValue) (string, error) {
	if s, ok := textOf(v); ok {
		return s, nil
	}
	return "", errOther
})

// Bool is true or false.
var Bool = Kind[bool]{
	Name: "boolean", Want: "true or false", shape: shapeBool,
	from: func(_ call, v lua.LValue) (bool, error) {
		if b, ok := v.(lua.LBool); ok {
			return bool(b), nil
		}
		return false, errOther
	},
	to:    func(_ call, b bool) lua.LValue { return lua.LBool(b) },
	plain: func(b bool) any { return b },
	show:  strconv.FormatBool,
}

// exact is the largest whole number that a Lua number holds without loss.
const exact = 1 << 53

// Int is a whole number that a Lua number holds without loss.
var Int = Kind[int]{
	Name: "integer", Want: "a whole number", shape: shapeNumber,
	from: func(_ call, v lua.LValue) (int, error) {
		n, ok := v.(lua.LNumber)
		if !ok || float64(n) != math.Trunc(float64(n)) || math.Abs(float64(n)) > exact {
			return 0, errOther
		}
		return int(n), nil
	},
	to:    func(_ call, n int) lua.LValue { return lua.LNumber(n) },
	plain: func(n int) any { return float64(n) },
	show:  strconv.Itoa,
}

// Number is a finite number.
var Number = Kind[float64]{
	Name: "number", Want: "a number", shape: shapeNumber,
	from: func(_ call, v lua.LValue) (float64, error) {
		n, ok := v.(lua.LNumber)
		if !ok || math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
			return 0, errOther
		}
		return float64(n), nil
	},
	to:    func(_ call, n float64) lua.LValue { return lua.LNumber(n) },
	plain: func(n float64) any { return n },
	show:  func(n float64) string { return lua.LNumber(n).String() },
}

// accept is the kind with another way in.
func (k Kind[T]) accept(from func(call, lua.LValue) (T, error)) Kind[T] {
	k.from = from
	return k
}

// As makes a kind of Go type B that crosses the border as an A: parse turns
// what came into a B or says what is wrong with it, back does the reverse and
// may be nil if the kind is never returned.
func As[A, B any](base Kind[A], name, want string, parse func(A) (B, error), back func(B) A) Kind[B] {
	k := Kind[B]{Name: name, Want: want, Values: base.Values, Object: base.Object, class: base.class, shape: base.shape}
	k.from = func(c call, v lua.LValue) (b B, err error) {
		a, err := base.from(c, v)
		if err != nil {
			return b, err
		}
		return parse(a)
	}
	if back == nil {
		return k
	}
	k.to = func(c call, b B) lua.LValue { return base.to(c, back(b)) }
	k.plain = func(b B) any { return base.plain(back(b)) }
	k.show = func(b B) string { return base.show(back(b)) }
	return k
}

// AsChecked is As for a parse that must look something up: it runs without the
// Lua lock and may take its time.
func AsChecked[A, B any](base Kind[A], name, want string, parse func(context.Context, A) (B, error), back func(B) A) Kind[B] {
	k := As(base, name, want, func(A) (b B, err error) { return b, nil }, back)
	k.from = func(c call, v lua.LValue) (b B, err error) {
		a, err := base.from(c, v)
		if err != nil {
			return b, err
		}
		return outside(c, func(ctx context.Context) (B, error) { return parse(ctx, a) })
	}
	return k
}

// OneOf is a string out of a fixed set of words.
func OneOf(values ...string) Kind[string] {
	k := String
	k.Values = values
	k.Want = "one of " + quoted(values)
	k.Name = quotedWith(values, "|")
	return k.accept(func(c call, v lua.LValue) (string, error) {
		s, err := String.from(c, v)
		if err != nil {
			return "", err
		}
		for _, known := range values {
			if s == known {
				return s, nil
			}
		}
		return "", errOther
	})
}

// Maybe is a kind whose zero value goes out as nil: a known fact without value.
func Maybe[T comparable](k Kind[T]) Kind[T] {
	var zero T
	inner := k
	k.Name += "?"
	k.to = func(c call, t T) lua.LValue {
		if t == zero {
			return lua.LNil
		}
		return inner.to(c, t)
	}
	k.plain = func(t T) any {
		if t == zero || inner.plain == nil {
			return nil
		}
		return inner.plain(t)
	}
	return k
}

// Ptr is a kind that may be absent: nil out for a nil pointer. As an option it
// tells "left out" from the zero value.
func Ptr[T any](k Kind[T]) Kind[*T] {
	p := Kind[*T]{Name: k.Name, Want: k.Want, Values: k.Values, Object: k.Object, Keys: k.Keys, class: k.class, shape: k.shape}
	p.from = func(c call, v lua.LValue) (*T, error) {
		t, err := k.from(c, v)
		if err != nil {
			return nil, err
		}
		return &t, nil
	}
	p.to = func(c call, t *T) lua.LValue {
		if t == nil {
			return lua.LNil
		}
		return k.to(c, *t)
	}
	p.plain = func(t *T) any {
		if t == nil || k.plain == nil {
			return nil
		}
		return k.plain(*t)
	}
	return p
}

// textOf is what a string, number or boolean reads as.
func textOf(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		return v.String(), true
	}
	return "", false
}

// describe says what a wrong value is.
func describe(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return "the string " + strconv.Quote(clip(string(v), 60))
	case lua.LNumber, lua.LBool:
		return v.String()
	case *lua.LNilType:
		return "nothing"
	case *lua.LUserData:
		if mt, ok := v.Metatable.(*lua.LTable); ok {
			if n, ok := mt.RawGetString("__name").(lua.LString); ok {
				return article(string(n))
			}
		}
	}
	return article(v.Type().String())
}

func article(noun string) string {
	if noun != "" && strings.ContainsRune("AEIOaeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

func quotedWith(words []string, sep string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strconv.Quote(w)
	}
	return strings.Join(out, sep)
}

func quoted(words []string) string { return quotedWith(words, ", ") }
