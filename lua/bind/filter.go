package bind

import (
	"context"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Filter is the one filter table (LUA.md rule 6) over things of type S, which
// scripts see as Item in where functions.
type Filter[S any] struct {
	Name   string
	Item   Kind[S]
	Fields []Field[S]
	Hints  map[string]string
}

// Filter has the single-valued facts of the class and its Extra fields.
func (k *Class[S]) Filter() *Filter[S] {
	k.filled()
	f := &Filter[S]{Name: k.Name + "Filter", Item: k.Kind(), Hints: k.Hints}
	for _, field := range k.Fields {
		if field.plain != nil && field.shape != shapeOther && field.shape != shapeList && field.shape != shapeMap {
			f.Fields = append(f.Fields, field)
		}
	}
	f.Fields = append(f.Fields, k.Extra...)
	return f
}

// Kind lets the filter be a parameter: Opt("filter", k.Filter().Kind(),
// Select[S]{}, "which ones").
func (f *Filter[S]) Kind() Kind[Select[S]] {
	return Kind[Select[S]]{
		Name: f.Name, Want: "a filter table", Keys: f.Docs(),
		from: func(c call, v lua.LValue) (Select[S], error) {
			t, ok := v.(*lua.LTable)
			if !ok {
				return Select[S]{}, errOther
			}
			items, keys, err := split(t)
			if err != nil {
				return Select[S]{}, err
			}
			return f.read(c, t, items, keys)
		},
	}
}

// Docs lists the keys of the filter.
func (f *Filter[S]) Docs() []ParamDoc {
	all := make([]ParamDoc, 0, len(f.Fields)+3)
	for _, field := range f.Fields {
		d := field.ParamDoc
		d.Optional = true
		all = append(all, d)
	}
	return append(all,
		ParamDoc{Name: "unless", Type: f.Name, Doc: "spares what matches any of these", Optional: true},
		ParamDoc{Name: "where", Type: "function", Doc: "keeps what the function says yes to", Optional: true},
		ParamDoc{Name: "all", Type: "boolean", Doc: "true: really all", Optional: true})
}

// Select is a filter that was given, ready to be asked. The zero Select keeps
// everything.
type Select[S any] struct {
	given bool
	must  []test[S]
	spare []test[S]
	where Callback[S, bool]
}

type test[S any] struct {
	field Field[S]
	word  string // the exact text asked for, or ""
	match func(any) bool
}

// Given says whether the script narrowed anything.
func (s Select[S]) Given() bool { return len(s.must) > 0 || len(s.spare) > 0 || s.where.IsSet() }

// Exact is the one text that a field must have, if the filter says so: with it
// a body can look up instead of listing all.
func (s Select[S]) Exact(field string) (string, bool) {
	for _, t := range s.must {
		if t.field.Name == field && t.word != "" {
			return t.word, true
		}
	}
	return "", false
}

// Match says whether x is kept. Each fact is read at most once; what is gone
// meanwhile (not_found) is not kept.
func (s Select[S]) Match(ctx context.Context, x S) (bool, error) {
	facts := map[string]any{}
	ask := func(t test[S]) (bool, error) {
		v, ok := facts[t.field.Name]
		if !ok {
			var err error
			if v, err = t.field.plain(ctx, x); err != nil {
				return false, err
			}
			facts[t.field.Name] = v
		}
		return t.match(v), nil
	}
	for _, t := range s.must {
		if ok, err := ask(t); err != nil || !ok {
			return false, unlessGone(err)
		}
	}
	for _, t := range s.spare {
		if spared, err := ask(t); err != nil || spared {
			return false, unlessGone(err)
		}
	}
	if s.where.IsSet() {
		return s.where.Call(ctx, x)
	}
	return true, nil
}

func unlessGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Keep returns those of all that match, in their order.
func (s Select[S]) Keep(ctx context.Context, all []S) ([]S, error) {
	kept := make([]S, 0, len(all))
	for _, x := range all {
		ok, err := s.Match(ctx, x)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, x)
		}
	}
	return kept, nil
}

func (f *Filter[S]) names() []string {
	all := []string{"unless", "where", "all"}
	for _, field := range f.Fields {
		all = append(all, field.Name)
	}
	return all
}

// read makes a Select of the keys of a table.
func (f *Filter[S]) read(c call, t *lua.LTable, items []lua.LValue, keys []string) (s Select[S], err error) {
	if len(items) > 0 {
		return s, fault.New(fault.Invalid, "a filter has names: write { name = %s }", quoteItem(items[0]))
	}
	if len(keys) == 0 {
		return s, fault.New(fault.Invalid, "the filter is empty; a nil in it vanishes").WithHint("for all write no filter, or { all = true }")
	}
	for _, key := range keys {
		v := t.RawGetString(key)
		switch key {
		case "all":
			err = f.readAll(v, keys)
		case "where":
			s.where, err = Predicate(Returns(f.Item, "")).from(c, v)
			if err != nil {
				err = fault.New(fault.Invalid, "where must be a function, got %s", describe(v))
			}
		case "unless":
			s.spare, err = f.readUnless(c, v)
		default:
			var one test[S]
			one, err = f.test(c, key, v)
			s.must = append(s.must, one)
		}
		if err != nil {
			return Select[S]{}, err
		}
	}
	s.given = true
	return s, nil
}

func (f *Filter[S]) readAll(v lua.LValue, keys []string) error {
	if v != lua.LTrue {
		return fault.New(fault.Invalid, "all must be true, got %s", describe(v))
	}
	for _, k := range keys {
		if k != "all" && k != "unless" && k != "where" {
			return fault.New(fault.Invalid, "all = true and %s contradict each other", k)
		}
	}
	return nil
}

func (f *Filter[S]) readUnless(c call, v lua.LValue) ([]test[S], error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fault.New(fault.Invalid, "unless must be a filter table, got %s", describe(v))
	}
	items, keys, err := split(t)
	if err != nil {
		return nil, err
	}
	if len(items) > 0 || len(keys) == 0 {
		return nil, fault.New(fault.Invalid, "unless must name at least one field")
	}
	var tests []test[S]
	for _, key := range keys {
		one, err := f.test(c, key, t.RawGetString(key))
		if err != nil {
			return nil, err
		}
		tests = append(tests, one)
	}
	return tests, nil
}

func (f *Filter[S]) test(c call, key string, v lua.LValue) (test[S], error) {
	i := slices.IndexFunc(f.Fields, func(field Field[S]) bool { return field.Name == key })
	if i < 0 {
		fail := fault.New(fault.Invalid, "no filter is called %q", key)
		if hint := f.Hints[key]; hint != "" {
			return test[S]{}, fail.WithHint("here: %s", hint)
		}
		fail.Message += "; " + suggestion(key, f.names())
		return test[S]{}, fail
	}
	field := f.Fields[i]
	match, err := condition(c, field.ParamDoc, field.shape, v)
	one := test[S]{field: field, match: match}
	if s, ok := v.(lua.LString); ok && !strings.Contains(string(s), "*") && field.shape == shapeText {
		one.word = string(s)
	}
	return one, err
}

func quoteItem(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return `"` + string(s) + `"`
	}
	return "…"
}

// keep is list:where with a filter table.
func (k *Class[S]) keep(c call, items []lua.LValue, filter *lua.LTable) []lua.LValue {
	f := k.Filter()
	sel, err := f.Kind().from(c, filter)
	if err != nil {
		c.refuse("options", err)
	}
	kept, err := outside(c, func(ctx context.Context) ([]lua.LValue, error) {
		ctx = k.moment(ctx, len(items))
		var kept []lua.LValue
		for _, v := range items {
			s, ok := it[S](v)
			if !ok {
				continue
			}
			matches, err := sel.Match(ctx, s)
			if err != nil {
				return nil, err
			}
			if matches {
				kept = append(kept, v)
			}
		}
		return kept, nil
	})
	if err != nil {
		c.st.raise(c.L, err)
	}
	return kept
}

// Both is an options table that is also a filter: keys of the record are
// options, all others narrow.
type Both[O, S any] struct {
	Options O
	Select  Select[S]
}

// With is the kind of a table that holds the options of r and filters of f. An
// option hides the filter of its name.
func With[O, S any](r *Record[O], f *Filter[S]) Kind[Both[O, S]] {
	own := r.names()
	filters := slices.DeleteFunc(f.Docs(), func(d ParamDoc) bool { return slices.Contains(own, d.Name) })
	return Kind[Both[O, S]]{
		Name: r.Name, Want: "a table of options and filters", Keys: append(r.Docs(), filters...),
		from: func(c call, v lua.LValue) (b Both[O, S], err error) {
			t, ok := v.(*lua.LTable)
			if !ok {
				return b, errOther
			}
			return both(c, r, f, t)
		},
	}
}

func both[O, S any](c call, r *Record[O], f *Filter[S], t *lua.LTable) (b Both[O, S], err error) {
	items, keys, err := split(t)
	if err != nil {
		return b, err
	}
	options, own := c.L.CreateTable(0, 0), r.names()
	narrow := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return slices.Contains(own, k) })
	for _, k := range own {
		options.RawSetString(k, t.RawGetString(k))
	}
	if b.Options, err = r.decode(c, options); err != nil {
		return b, err
	}
	if len(narrow) == 0 && len(keys) > 0 && len(items) == 0 {
		return b, nil
	}
	b.Select, err = f.read(c, t, items, narrow)
	return b, err
}
