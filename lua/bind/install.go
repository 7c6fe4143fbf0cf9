package bind

import (
	"context"
	"slices"
	"strconv"
	"sync"
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
	waits() bool
	check() error
	install(*State) *lua.LTable
	installList(*State) *lua.LTable
	wrap(s any, mt, env *lua.LTable) lua.LValue
	holds(any) bool
	card(ctx context.Context, v lua.LValue, now time.Time, width int) (string, bool)
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
	have.meta, have.list = k.install(st), k.installList(st)
	return have
}

// Module is a table of functions: containers, images. With no name its
// functions are globals. Call, if set, is what calling the module itself does.
type Module struct {
	Name, Doc string
	Funcs     []*Func
	Make      func() []*Func // makes Funcs at the first need, if set
	Globals   []string       // the names of what Make will make, of a module with no name
	Ready     func() error   // comes before the first call of any of them; its error is raised
	Call      *Func
	Pure      bool // its functions ask nobody and change nothing: they may come before args

	made     sync.Once
	once     sync.Once
	declared []*Func
}

// Members are the functions of the module.
func (m *Module) Members() []*Func {
	m.once.Do(func() {
		for _, f := range m.outline() {
			m.declared = append(m.declared, f.declared())
		}
	})
	return m.declared
}

// outline is the functions of the module, of some of which only the name is known.
func (m *Module) outline() []*Func {
	m.made.Do(func() {
		if m.Make != nil {
			m.Funcs = m.Make()
		}
	})
	return m.Funcs
}

// member is the function of that name, or nil.
func (m *Module) member(name string) *Func {
	all := m.outline()
	i := slices.IndexFunc(all, func(f *Func) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return all[i].declared()
}

// check refuses a module that contradicts itself.
func (m *Module) check() error {
	announced := m.Globals
	if announced == nil {
		announced = namesOf(m.outline())
	}
	names := namesOf(m.Members())
	if !slices.Equal(announced, names) {
		return fault.New(fault.Bug, "module %q announces %q and makes %q", m.Name, announced, names)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return fault.New(fault.Bug, "module %q: %s is declared twice", m.Name, names[i])
		}
	}
	return nil
}

// Install makes declarations known: modules as globals, classes for help, and
// for objects that come as any. It must be called before Lua runs. It checks
// those that are there; those that are made at the first need Check does.
func (st *State) Install(modules []*Module, classes ...AnyClass) error {
	now := lesson{}
	for _, k := range classes {
		st.declare(k)
		if k.waits() {
			continue
		}
		if err := now.class(k); err != nil {
			return err
		}
	}
	for _, m := range modules {
		if m.Make == nil {
			if err := now.module(m); err != nil {
				return err
			}
		}
		st.installModule(m)
	}
	for _, k := range now.order {
		st.declare(k)
	}
	return nil
}

// Check makes every declaration and refuses those that contradict themselves.
func (st *State) Check() error {
	_, err := st.learn()
	return err
}

// learn walks through everything that was installed.
func (st *State) learn() (lesson, error) {
	all := lesson{}
	for _, k := range st.declared {
		if err := all.class(k); err != nil {
			return all, err
		}
	}
	for _, m := range st.modules {
		if err := all.module(m); err != nil {
			return all, err
		}
	}
	return all, nil
}

// lesson is a walk through declarations: the classes met, in order.
type lesson struct{ order []installer }

// class checks a class and all that its members speak of.
func (l *lesson) class(k installer) error {
	if slices.Contains(l.order, k) {
		return nil
	}
	l.order = append(l.order, k)
	if err := k.check(); err != nil {
		return err
	}
	d := k.describe()
	for _, f := range d.Methods {
		if err := l.function(f); err != nil {
			return err
		}
	}
	return l.docs(d.Fields)
}

func (l *lesson) module(m *Module) error {
	for _, f := range slices.Concat(m.Members(), calling(m)) {
		if err := l.function(f); err != nil {
			return err
		}
	}
	return m.check()
}

func (l *lesson) function(f *Func) error {
	if err := l.docs(f.Params); err != nil {
		return err
	}
	return l.docs(f.Returns)
}

func (l *lesson) docs(all []ParamDoc) error {
	for _, d := range all {
		if d.class != nil {
			if err := l.class(d.class); err != nil {
				return err
			}
		}
		if err := l.docs(d.Keys); err != nil {
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

// installModule makes a module known to Lua: its table is there at once, what
// is in it when it is first touched.
func (st *State) installModule(m *Module) {
	st.modules = append(st.modules, m)
	if m.Name == "" {
		st.installGlobals(m)
		return
	}
	if _, ok := st.root.GetGlobal(m.Name).(*lua.LTable); ok {
		st.Amend(m.Name, func(t *lua.LTable) { st.fill(m, t) })
		return
	}
	t := st.root.CreateTable(0, 0)
	t.Metatable = st.moduleMeta(m)
	st.homes[t] = m
	st.late[t] = func() {
		delete(st.late, t)
		st.fill(m, t)
	}
	st.root.SetGlobal(m.Name, t)
}

func (st *State) installGlobals(m *Module) {
	names := m.Globals
	if names == nil {
		names = namesOf(m.outline())
	}
	for _, name := range names {
		st.root.SetGlobal(name, st.announced(st.awaited(m, func() *Func { return m.member(name) }), "", nil))
	}
}

func (st *State) fill(m *Module, t *lua.LTable) {
	for _, f := range m.outline() {
		t.RawSetString(f.Name, st.announced(st.awaited(m, f.declared), m.Name, t))
	}
}

// awaited is a function of a module as it is when it is first needed.
func (st *State) awaited(m *Module, declare func() *Func) func() *Func {
	return sync.OnceValue(func() *Func {
		f := declare()
		st.declareReturns(f)
		return m.readied(f)
	})
}

func (st *State) declareReturns(f *Func) {
	for _, d := range f.Returns {
		st.declare(d.class)
	}
}

// declare makes a class one that may come up.
func (st *State) declare(k installer) {
	if k != nil && !slices.Contains(st.declared, k) {
		st.declared = append(st.declared, k)
	}
}

// readied is f with what comes before the first call.
func (m *Module) readied(f *Func) *Func {
	if m.Pure {
		return f
	}
	after := *f
	after.call = func(c call) int {
		if c.st.acting != nil {
			if err := c.st.acting(c.title()); err != nil {
				c.st.raise(c.L, err)
			}
		}
		if m.Ready != nil {
			if err := m.Ready(); err != nil {
				c.st.raise(c.L, err)
			}
		}
		return f.call(c)
	}
	return &after
}

// OnAct has f told the name of each function that is called, but for those of
// pure modules; its error is raised in place of the call. nil is nobody. The
// caller holds the lock.
func (st *State) OnAct(f func(what string) error) { st.acting = f }

// moduleMeta is the metatable of a module: all share one, but for those that
// can be called.
func (st *State) moduleMeta(m *Module) *lua.LTable {
	if m.Call == nil {
		return st.strict()
	}
	mt := st.root.CreateTable(0, 5)
	st.strict().ForEach(mt.RawSet)
	call := *m.Call
	call.method = true
	mt.RawSetString("__call", st.function(&call, "", nil))
	return mt
}

// strictMeta refuses unknown members and assignments.
func (st *State) strictMeta() *lua.LTable {
	mt := st.root.CreateTable(0, 4)
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__index", st.meta("", func(c call) int {
		t, name := c.L.CheckTable(1), c.L.Get(2).String()
		c.st.Touch(t)
		found := t.RawGetString(name)
		if m := c.st.homes[t]; found == lua.LNil && m != nil {
			c.st.raise(c.L, fault.New(fault.Invalid, "%s has no %s; %s", m.Name, strconv.Quote(name), suggestion(name, namesOf(m.outline()))))
		}
		c.L.Push(found)
		return 1
	}))
	mt.RawSetString("__newindex", st.meta("", func(c call) int {
		c.st.raise(c.L, fault.New(fault.Invalid, "the %s cannot be changed", c.moduleSelf()))
		return 0
	}))
	mt.RawSetString("__tostring", st.meta("", func(c call) int {
		c.L.Push(lua.LString(c.moduleSelf()))
		return 1
	}))
	return mt
}

// moduleSelf is how the module before the colon is said.
func (c call) moduleSelf() string {
	m := c.st.homes[c.L.CheckTable(1)]
	if m == nil {
		c.usage("this is no module")
	}
	return "module " + m.Name
}

// Modules lists what was installed, in order.
func (st *State) Modules() []*Module { return st.modules }

// Classes lists all classes that may come up, Error first, in order.
func (st *State) Classes() []ClassDoc {
	all := []ClassDoc{errorClass.describe()}
	known, _ := st.learn() // what contradicts itself has been found by a test
	for _, k := range known.order {
		if k != installer(errorClass) {
			all = append(all, k.describe())
		}
	}
	return all
}
