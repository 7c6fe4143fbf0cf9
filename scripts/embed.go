// Package scripts holds what ships as Lua inside the binary: the commands, the
// modules that scripts may require, and the examples.
//
// It knows only where the files are. What they mean is the host's affair.
package scripts

import "embed"

//go:generate go run ../cmd/neap pages.lua
//go:generate go test . -run TestCompiled -update

// FS holds commands/*.lua, lib and examples.
//
//go:embed commands lib examples
var FS embed.FS

// Compiled holds commands and lib as host.Compile makes them.
//
//go:embed compiled
var Compiled embed.FS
