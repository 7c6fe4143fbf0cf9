package bind

import (
	lua "github.com/yuin/gopher-lua"
)

// methods are the class's acts, made by now.
func (k *Class[S]) methods() []Method[S] {
	k.filled()
	k.made.Do(func() {
		if k.Acts != nil {
			k.Methods = k.Acts()
		}
	})
	return k.Methods
}

// act is the function behind a name that is no fact's; it raises if it is no
// act's either.
func (k *Class[S]) act(c call, acts func(string) lua.LValue, name string) lua.LValue {
	act := acts(name)
	if act == nil {
		k.unknown(c, name)
	}
	return act
}

// acts are the methods as functions.
func (k *Class[S]) acts() []*Func {
	all := make([]*Func, len(k.methods()))
	for i, m := range k.methods() {
		all[i] = m.Func
	}
	return all
}
