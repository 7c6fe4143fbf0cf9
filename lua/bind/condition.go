package bind

import (
	"regexp"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// condition reads what a filter asks of one field. The match gets the field's
// plain value.
func condition(c call, d ParamDoc, s shape, v lua.LValue) (func(any) bool, error) {
	if re, ok := it[*regexp.Regexp](v); ok {
		return anyText(re.MatchString), nil
	}
	switch v := v.(type) {
	case lua.LString:
		return textCondition(d, s, string(v))
	case lua.LNumber:
		if s == shapeText || s == shapeList || s == shapeMap {
			return textCondition(d, s, v.String())
		}
		if s == shapeTime || s == shapeBool {
			break
		}
		return func(got any) bool { return got == float64(v) }, nil
	case lua.LBool:
		if s == shapeBool {
			return func(got any) bool { return got == bool(v) }, nil
		}
	case *lua.LTable:
		return tableCondition(c, d, s, v)
	}
	return nil, fault.New(fault.Invalid, "%s cannot be compared with %s", d.Name, describe(v))
}

func textCondition(d ParamDoc, s shape, want string) (func(any) bool, error) {
	switch s {
	case shapeSize:
		n, err := ParseSize(want)
		return func(got any) bool { return got == float64(n) }, err
	case shapeDuration:
		n, err := ParseDuration(want)
		return func(got any) bool { return got == n.Seconds() }, err
	case shapeTime:
		if t, err := ParseTime(want); err == nil && len(want) > len("2006-01-02") {
			return anyText(func(got string) bool { return got == t.Format(Stamp) }), nil
		}
		return anyText(glob(want + "*")), nil
	case shapeBool, shapeNumber:
		return nil, fault.New(fault.Invalid, "%s is %s, it cannot be compared with %q", d.Name, article(d.Type), want)
	case shapeMap:
		return labelText(want), nil
	default:
	}
	if len(d.Values) > 0 && !strings.Contains(want, "*") && !slices.Contains(d.Values, want) {
		return nil, fault.New(fault.Invalid, "%s is never %q; %s", d.Name, want, suggestion(want, d.Values))
	}
	return anyText(glob(want)), nil
}

// anyText asks a text, or each text of a list.
func anyText(match func(string) bool) func(any) bool {
	return func(got any) bool {
		switch got := got.(type) {
		case string:
			return match(got)
		case []string:
			return slices.ContainsFunc(got, match)
		}
		return false
	}
}

// glob compares with a text in which * stands for anything.
func glob(want string) func(string) bool {
	parts := strings.Split(want, "*")
	if len(parts) == 1 {
		return func(got string) bool { return got == want }
	}
	last := len(parts) - 1
	return func(got string) bool {
		if !strings.HasPrefix(got, parts[0]) {
			return false
		}
		got = got[len(parts[0]):]
		for _, part := range parts[1:last] {
			i := strings.Index(got, part)
			if i < 0 {
				return false
			}
			got = got[i+len(part):]
		}
		return strings.HasSuffix(got, parts[last])
	}
}

// labelText is "key" or "key=value".
func labelText(want string) func(any) bool {
	key, value, both := strings.Cut(want, "=")
	match := glob(value)
	return func(got any) bool {
		labels, _ := got.(map[string]string)
		have, ok := labels[key]
		return ok && (!both || match(have))
	}
}

func tableCondition(c call, d ParamDoc, s shape, t *lua.LTable) (func(any) bool, error) {
	items, keys, err := split(t)
	switch {
	case err != nil:
		return nil, err
	case len(items) > 0 && len(keys) > 0:
		return nil, fault.New(fault.Invalid, "%s: a list and %q do not go together", d.Name, keys[0])
	case len(items) > 0:
		return anyOf(c, d, s, items)
	case len(keys) == 0:
		return nil, fault.New(fault.Invalid, "%s: an empty table matches nothing; a nil in it vanishes", d.Name)
	case s == shapeMap:
		return allLabels(d, t, keys)
	case s == shapeTime:
		return between(c, d, t, keys, "after", "before")
	case s == shapeNumber, s == shapeSize, s == shapeDuration:
		return between(c, d, t, keys, "over", "under", s)
	}
	return nil, fault.New(fault.Invalid, "%s cannot be compared with a table that has the key %q", d.Name, keys[0])
}

func anyOf(c call, d ParamDoc, s shape, items []lua.LValue) (func(any) bool, error) {
	tests := make([]func(any) bool, len(items))
	for i, v := range items {
		var err error
		if tests[i], err = condition(c, d, s, v); err != nil {
			return nil, err
		}
	}
	return func(got any) bool {
		return slices.ContainsFunc(tests, func(test func(any) bool) bool { return test(got) })
	}, nil
}

func allLabels(d ParamDoc, t *lua.LTable, keys []string) (func(any) bool, error) {
	var tests []func(any) bool
	for _, k := range keys {
		if v := t.RawGetString(k); v == lua.LTrue {
			tests = append(tests, labelText(k))
			continue
		}
		text, ok := textOf(t.RawGetString(k))
		if !ok {
			return nil, fault.New(fault.Invalid, "%s: the value of %s must be a string, got %s", d.Name, k, describe(t.RawGetString(k)))
		}
		tests = append(tests, labelText(k+"="+text))
	}
	return func(got any) bool {
		return !slices.ContainsFunc(tests, func(test func(any) bool) bool { return !test(got) })
	}, nil
}

// between reads { over, under } or { after, before }; both bounds are outside.
func between(c call, d ParamDoc, t *lua.LTable, keys []string, low, high string, s ...shape) (func(any) bool, error) {
	for _, k := range keys {
		if k != low && k != high {
			return nil, fault.New(fault.Invalid, "%s takes { %s = …, %s = … }, not %q", d.Name, low, high, k)
		}
	}
	bound := func(key string) (any, error) {
		v := t.RawGetString(key)
		if v == lua.LNil {
			return nil, nil
		}
		return limit(c, d, key, v, s)
	}
	above, err := bound(low)
	if err != nil {
		return nil, err
	}
	below, err := bound(high)
	return func(got any) bool {
		return got != nil && (above == nil || less(above, got)) && (below == nil || less(got, below))
	}, err
}

func limit(c call, d ParamDoc, key string, v lua.LValue, s []shape) (any, error) {
	var err error
	var t time.Time
	var n int64
	var span time.Duration
	var number float64
	var want string
	switch {
	case len(s) == 0:
		want = Time.Want
		if t, err = Time.from(c, v); err == nil {
			return t.UTC().Format(Stamp), nil
		}
	case s[0] == shapeSize:
		want = Size.Want
		n, err = Size.from(c, v)
		number = float64(n)
	case s[0] == shapeDuration:
		want = Duration.Want
		span, err = Duration.from(c, v)
		number = span.Seconds()
	default:
		want = Number.Want
		number, err = Number.from(c, v)
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: %s must be %s, got %s", d.Name, key, want, describe(v))
	}
	return number, nil
}

func less(a, b any) bool {
	switch a := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && a < y
	case string:
		y, ok := b.(string)
		return ok && a < y
	}
	return false
}
