package bind

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// ClassDoc is a class with its Go type erased: all that documents need.
type ClassDoc struct {
	Name, Noun, Doc string
	Fields          []ParamDoc
	Methods         []*Func
	Bulk            []string
	Hints           map[string]string
}

// Describer is a class of any Go type.
type Describer interface{ describe() ClassDoc }

// Describe is the class as documents see it.
func Describe(k Describer) ClassDoc { return k.describe() }

// installer is a class seen by a State.
type installer interface {
	Describer
	check() error
	install(*State) *lua.LTable
	installList(*State) *lua.LTable
	wrap(s any, mt, env *lua.LTable) lua.LValue
	holds(any) bool
	card(ctx context.Context, v lua.LValue, now time.Time) (string, bool)
}

// AnyClass is a class of any Go type, to be made known to a host.
type AnyClass interface{ installer }

// known is a class in one state.
type known struct {
	class      installer
	meta, list *lua.LTable
}

// Class makes a class known to the state, once.
func (st *State) Class(k installer) *known {
	if have := st.classes[k]; have != nil {
		return have
	}
	have := &known{class: k}
	st.classes[k] = have
	st.order = append(st.order, have)
	if k == installer(errorClass) && st.raised != nil {
		have.meta = st.raised
	} else {
		have.meta = k.install(st)
	}
	have.list = k.installList(st)
	return have
}

// Module is a table of functions: containers, images. With no name its
// functions are globals. Call, if set, is what calling the module itself does.
type Module struct {
	Name, Doc string
	Funcs     []*Func
	Call      *Func
}

func (m *Module) names() []string {
	all := make([]string, len(m.Funcs))
	for i, f := range m.Funcs {
		all[i] = f.Name
	}
	return all
}

// Install checks declarations and makes them known: modules as globals, classes
// for help, and for objects that come as any. It must be called before Lua runs.
func (st *State) Install(modules []*Module, classes ...AnyClass) error {
	seen := map[installer]bool{}
	for _, k := range classes {
		if err := st.learn(seen, k); err != nil {
			return err
		}
	}
	for _, m := range modules {
		for _, f := range slices.Concat(m.Funcs, calling(m)) {
			if err := st.learnFrom(seen, f); err != nil {
				return err
			}
		}
		if err := st.installModule(m); err != nil {
			return err
		}
	}
	return nil
}

func calling(m *Module) []*Func {
	if m.Call == nil {
		return nil
	}
	return []*Func{m.Call}
}

// learn checks a class and makes it known, with all that its members speak of.
func (st *State) learn(seen map[installer]bool, k installer) error {
	if seen[k] {
		return nil
	}
	seen[k] = true
	if err := k.check(); err != nil {
		return err
	}
	st.Class(k)
	d := k.describe()
	for _, f := range d.Methods {
		if err := st.learnFrom(seen, f); err != nil {
			return err
		}
	}
	return st.learnDocs(seen, d.Fields)
}

func (st *State) learnFrom(seen map[installer]bool, f *Func) error {
	if err := st.learnDocs(seen, f.Params); err != nil {
		return err
	}
	return st.learnDocs(seen, f.Returns)
}

func (st *State) learnDocs(seen map[installer]bool, all []ParamDoc) error {
	for _, d := range all {
		if d.class != nil {
			if err := st.learn(seen, d.class); err != nil {
				return err
			}
		}
		if err := st.learnDocs(seen, d.Keys); err != nil {
			return err
		}
	}
	return nil
}

func (st *State) installModule(m *Module) error {
	names := m.names()
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return fault.New(fault.Bug, "module %q: %s is declared twice", m.Name, names[i])
		}
	}
	st.modules = append(st.modules, m)
	if m.Name == "" {
		for _, f := range m.Funcs {
			st.root.SetGlobal(f.Name, st.function(f, "", nil))
		}
		return nil
	}
	t, _ := st.root.GetGlobal(m.Name).(*lua.LTable)
	if t == nil {
		t = st.root.NewTable()
		st.root.SetGlobal(m.Name, t)
		t.Metatable = st.moduleMeta(m)
	}
	for _, f := range m.Funcs {
		t.RawSetString(f.Name, st.function(f, m.Name, t))
	}
	return nil
}

// moduleMeta refuses unknown members and assignments.
func (st *State) moduleMeta(m *Module) *lua.LTable {
	mt := st.root.NewTable()
	mt.RawSetString("__name", lua.LString("module "+m.Name))
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__index", st.meta(m.Name, func(c call) int {
		name := c.L.Get(2).String()
		c.st.raise(c.L, fault.New(fault.Invalid, "%s has no %s; %s", m.Name, strconv.Quote(name), suggestion(name, m.names())))
		return 0
	}))
	mt.RawSetString("__newindex", st.meta(m.Name, func(c call) int {
		c.st.raise(c.L, fault.New(fault.Invalid, "the module %s cannot be changed", m.Name))
		return 0
	}))
	mt.RawSetString("__tostring", st.meta(m.Name, func(c call) int {
		c.L.Push(lua.LString(fmt.Sprintf("module %s", m.Name)))
		return 1
	}))
	if m.Call != nil {
		call := *m.Call
		call.method = true
		mt.RawSetString("__call", st.function(&call, "", nil))
	}
	return mt
}

// Modules lists what was installed, in order.
func (st *State) Modules() []*Module { return st.modules }

// Classes lists the classes known so far, Error first, in order.
func (st *State) Classes() []ClassDoc {
	all := []ClassDoc{errorClass.describe()}
	for _, k := range st.order {
		if k.class != installer(errorClass) {
			all = append(all, k.class.describe())
		}
	}
	return all
}
