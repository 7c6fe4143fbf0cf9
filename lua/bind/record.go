package bind

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Key is one key of an options table.
type Key[S any] struct {
	ParamDoc
	set  func(call, *S, lua.LValue) error
	show func(*S) string
	must bool
}

// K declares an option whose value is kept where at points.
func K[S, T any](name string, k Kind[T], doc string, at func(*S) *T) Key[S] {
	key := Key[S]{ParamDoc: k.doc(name, doc)}
	key.Optional = true
	key.set = func(c call, s *S, v lua.LValue) error {
		t, err := k.from(c, v)
		if errors.Is(err, errOther) {
			return fault.New(fault.Invalid, "%s must be %s, got %s", name, k.Want, describe(v))
		}
		if err != nil {
			return namedError(name, err)
		}
		*at(s) = t
		return nil
	}
	if k.show != nil {
		key.show = func(s *S) string { return k.show(*at(s)) }
	}
	return key
}

// Must makes the option one that has to be given.
func (k Key[S]) Must() Key[S] { k.must, k.Optional = true, false; return k }

// namedError says which option an error is about, unless it has a kind that
// tells more than that.
func namedError(name string, err error) error {
	var known *fault.Error
	var raised *Raised
	if errors.As(err, &raised) || errors.As(err, &known) && known.Kind != fault.Invalid {
		return err
	}
	named := fault.New(fault.Invalid, "%s: %s", name, err)
	if known != nil {
		named.Message, named.Hint = name+": "+known.Message, known.Hint
	}
	return named
}

// Array is the array part of an options table.
type Array[S any] struct {
	docs []ParamDoc
	set  func(call, *S, []lua.LValue) error
	need int
	lack string
}

// Argv declares the array part to be a program and its arguments. With need it
// must not be empty.
func Argv[S any](doc string, need bool, at func(*S) *[]string) *Array[S] {
	a := &Array[S]{docs: []ParamDoc{{Name: "argv", Type: "string[]", Doc: doc, Rest: true}}, lack: "the program to run"}
	if need {
		a.need = 1
	}
	a.set = func(_ call, s *S, items []lua.LValue) (err error) {
		*at(s), err = words(items)
		return err
	}
	return a
}

// Headed declares the array part to be one thing (the image) and then an argv.
func Headed[S, T any](name string, k Kind[T], doc string, at func(*S) *T, argvDoc string, argv func(*S) *[]string) *Array[S] {
	rest := Argv(argvDoc, false, argv)
	return &Array[S]{
		docs: append([]ParamDoc{k.doc(name, doc)}, rest.docs...),
		need: 1, lack: "the " + name,
		set: func(c call, s *S, items []lua.LValue) error {
			t, err := k.from(c, items[0])
			if errors.Is(err, errOther) {
				return fault.New(fault.Invalid, "%s must be %s, got %s", name, k.Want, describe(items[0]))
			}
			if err != nil {
				return namedError(name, err)
			}
			*at(s) = t
			return rest.set(c, s, items[1:])
		},
	}
}

func words(items []lua.LValue) ([]string, error) {
	var all []string
	for i, v := range items {
		s, ok := textOf(v)
		if _, flag := v.(lua.LBool); !ok || flag {
			return nil, fault.New(fault.Invalid, "word %d of the command must be a string, got %s", i+1, describe(v))
		}
		all = append(all, s)
	}
	return all, nil
}

// Record is the shape of an options table and of the Go struct it fills.
type Record[S any] struct {
	Name, Doc string
	New       func() S // the struct before any option, which sets the defaults; the zero S if nil
	Keys      []Key[S]
	Array     *Array[S]         // what {"httpd", "ls"} means; an error if nil
	Hints     map[string]string // words of others and ours: {"detach": "leave it out, …"}
	Check     func(*S) error    // what options must hold together
}

// Stranger is the word here for an option that people bring along from
// elsewhere, or "".
func Stranger(word string) string {
	return map[string]string{
		"detach": "leave it out: run returns when the container has started", "d": "leave it out: run returns when the container has started",
		"ports": "publish", "p": "publish", "environment": "env", "status": "state",
		"it": "interactive = true, tty = true", "v": "volume",
	}[word]
}

func (r *Record[S]) fresh() (s S) {
	if r.New != nil {
		return r.New()
	}
	return s
}

// needed says whether leaving the whole table out cannot be right.
func (r *Record[S]) needed() bool {
	return r.Array != nil && r.Array.need > 0 || slices.ContainsFunc(r.Keys, func(k Key[S]) bool { return k.must })
}

// Kind lets the record be a parameter or the value of an option.
func (r *Record[S]) Kind() Kind[S] {
	return Kind[S]{Name: r.Name, Want: "a table of options", Keys: r.Docs(), from: r.decode}
}

// Docs lists the keys, the array part first.
func (r *Record[S]) Docs() (all []ParamDoc) {
	if r.Array != nil {
		for _, d := range r.Array.docs {
			d.Listed = true
			all = append(all, d)
		}
	}
	defaults := r.fresh()
	var zero S
	for _, k := range r.Keys {
		d := k.ParamDoc
		if k.show != nil && k.show(&defaults) != k.show(&zero) {
			d.Default = k.show(&defaults)
		}
		all = append(all, d)
	}
	return all
}

func (r *Record[S]) names() []string {
	all := make([]string, len(r.Keys))
	for i, k := range r.Keys {
		all[i] = k.Name
	}
	return all
}

// decode walks the declared keys in their order, since a table has none.
func (r *Record[S]) decode(c call, v lua.LValue) (s S, err error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return s, errOther
	}
	s = r.fresh()
	items, err := r.strict(t)
	if err != nil {
		return s, err
	}
	if err := r.array(c, &s, items); err != nil {
		return s, err
	}
	for _, k := range r.Keys {
		v := t.RawGetString(k.Name)
		if v == lua.LNil && k.must {
			return s, fault.New(fault.Invalid, "%s is missing: %s", k.Name, k.Doc)
		}
		if v == lua.LNil {
			continue
		}
		if err := k.set(c, &s, v); err != nil {
			return s, err
		}
	}
	if r.Check != nil {
		return s, r.Check(&s)
	}
	return s, nil
}

func (r *Record[S]) array(c call, s *S, items []lua.LValue) error {
	switch {
	case r.Array == nil && len(items) > 0:
		return fault.New(fault.Invalid, "takes named options only, got %s in the list part", describe(items[0]))
	case r.Array == nil:
		return nil
	case len(items) < r.Array.need:
		return fault.New(fault.Invalid, "%s is missing: it comes first in the table", r.Array.lack)
	}
	return r.Array.set(c, s, items)
}

// strict returns the array part and refuses holes and unknown keys, of which it
// names the first in order.
func (r *Record[S]) strict(t *lua.LTable) ([]lua.LValue, error) {
	items, strange, err := split(t)
	if err != nil {
		return nil, err
	}
	known := r.names()
	for _, key := range strange {
		if slices.Contains(known, key) {
			continue
		}
		hint := r.Hints[key]
		if hint == "" {
			hint = Stranger(key)
		}
		if hint != "" {
			return nil, fault.New(fault.Invalid, "no option is called %q", key).WithHint("here: %s", hint)
		}
		return nil, fault.New(fault.Invalid, "no option is called %q; %s", key, suggestion(key, known))
	}
	return items, nil
}

// split parts a table into its array and its sorted other keys.
func split(t *lua.LTable) (items []lua.LValue, keys []string, err error) {
	count, highest := 0, 0
	t.ForEach(func(key, _ lua.LValue) {
		n, ok := key.(lua.LNumber)
		switch {
		case ok && n >= 1 && float64(n) == float64(int(n)):
			count, highest = count+1, max(highest, int(n))
		case key.Type() == lua.LTString:
			keys = append(keys, key.String())
		default:
			err = fault.New(fault.Invalid, "a key of the table is %s", describe(key))
		}
	})
	if err == nil && highest != count {
		err = fault.New(fault.Invalid, "the list has a hole: item %s is nil", strconv.Itoa(hole(t)))
	}
	if err != nil {
		return nil, nil, err
	}
	for i := 1; i <= count; i++ {
		items = append(items, t.RawGetInt(i))
	}
	slices.Sort(keys)
	return items, keys, nil
}

func hole(t *lua.LTable) int {
	for i := 1; ; i++ {
		if t.RawGetInt(i) == lua.LNil {
			return i
		}
	}
}

// String names the record.
func (r *Record[S]) String() string { return fmt.Sprintf("options %s", r.Name) }
