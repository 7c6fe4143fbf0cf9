// Package std is the helpers that know no container: time, units, path, fs,
// json, yaml, http, ui, log, utf8, bit, task, and exec on the host.
//
// It knows files, processes and HTTP of the machine it runs on, and who sits at
// its terminal. It does not know any noun, nor Lua beyond the vocabulary of bind.
package std

import (
	"io"
	"net/http"
	"net/url"
	"time"

	"neap/lua/bind"
)

// Effects are what the helpers take from outside.
type Effects struct {
	Now            func() time.Time // time.Now if nil
	Stdin          io.Reader        // what exec{ interactive = true } hands on, and who answers ui
	Stdout, Stderr io.Writer        // where exec{ stdout = "inherit" }, log and ui write

	Terminal func() bool                           // whether Stderr is a terminal, for bars; no if nil
	Colour   func() bool                           // whether Stdout is a terminal that wants colours; no if nil
	Columns  func() int                            // the width of the terminal, 0 if there is none; 0 if nil
	Proxy    func(*http.Request) (*url.URL, error) // which proxy a request goes through; none if nil
}

// Modules lists the helpers in the order people should read them.
func Modules(e Effects) []*bind.Module {
	if e.Now == nil {
		e.Now = time.Now
	}
	return []*bind.Module{
		e.execModule(),
		{Name: "units", Pure: true, Doc: "Sizes and durations, for people and for sums.", Make: units},
		{Name: "time", Pure: true, Doc: "Times are UTC text with nine decimals; such texts compare as the times do.", Make: e.timeFuncs},
		{Name: "path", Pure: true, Doc: "The words of paths. They look at no file.", Make: paths},
		{Name: "fs", Doc: "Files of the host.", Make: files},
		{Name: "json", Pure: true, Doc: "JSON text and plain tables.", Make: jsonFuncs},
		{Name: "yaml", Pure: true, Doc: "YAML text and plain tables.", Make: yamlFuncs},
		{Name: "http", Doc: "Talk HTTP.", Make: e.web},
		{Name: "ui", Doc: "Talk with who sits at the terminal.", Make: e.uiFuncs},
		{Name: "log", Doc: "Messages of a script, with times, levels and fields.", Make: e.logFuncs},
		{Name: "utf8", Pure: true, Doc: "Characters, not bytes.", Make: utf8Funcs},
		{Name: "bit", Pure: true, Doc: "Bits of whole numbers, as LuaJIT has them.", Make: bitFuncs},
		{Name: "task", Doc: "Several things at once, limits of time, and waiting. Lua itself runs in one place at a time: other tasks go on while this one is inside a neap call.", Make: tasks},
	}
}
