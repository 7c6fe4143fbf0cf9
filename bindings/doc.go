// Package bindings is the doorways: one file per noun with what scripts see of
// it, as declarations with bodies of a line or two.
//
// It knows the vocabulary of lua/bind, the nouns' data, and which words scripts
// use. It holds no logic about containers: what a thing does is behind the
// interfaces of runtime.go, which the engine fulfils (Native) and a simulation
// can. It does not import Lua.
package bindings
