// Package chunk writes compiled Lua down and reads it back, which takes a small
// part of the time that parsing and compiling take.
//
// It knows what gopher-lua's compiler makes of a function. It does not know
// where scripts are, nor what they do.
package chunk

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// What a constant is, in one byte before its value.
const (
	isNil = iota
	isFalse
	isTrue
	isNumber
	isString
)

// Write is a compiled function, and all inside it, as bytes. It leaves out the
// name of its source.
func Write(p *lua.FunctionProto) []byte {
	w := &writer{at: map[string]int{}}
	w.function(p)
	var head []byte
	for _, n := range w.sum.all() {
		head = binary.AppendUvarint(head, uint64(*n))
	}
	for _, s := range w.texts {
		head = binary.AppendUvarint(head, uint64(len(s)))
	}
	for _, s := range w.texts {
		head = append(head, s...)
	}
	return append(head, w.body...)
}

// sums are how many things of each sort are in a chunk, so that each sort is
// made in one piece.
type sums struct{ texts, protos, code, constants, inner, locals, calls, upvalues int }

func (s *sums) all() []*int {
	return []*int{&s.texts, &s.protos, &s.code, &s.constants, &s.inner, &s.locals, &s.calls, &s.upvalues}
}

type writer struct {
	body  []byte
	texts []string
	at    map[string]int // where a text is in texts
	sum   sums
}

func (w *writer) number(n int) { w.body = binary.AppendVarint(w.body, int64(n)) }

// length writes how many follow and adds them to a sum.
func (w *writer) length(n int, sum *int) {
	w.number(n)
	*sum += n
}

func (w *writer) text(s string) {
	i, ok := w.at[s]
	if !ok {
		i = len(w.texts)
		w.at[s] = i
		w.texts = append(w.texts, s)
		w.sum.texts++
	}
	w.number(i)
}

func (w *writer) function(p *lua.FunctionProto) {
	w.sum.protos++
	w.body = append(w.body, p.NumUpvalues, p.NumParameters, p.IsVarArg, p.NumUsedRegisters)
	w.number(p.LineDefined)
	w.number(p.LastLineDefined)
	w.code(p)
	w.length(len(p.Constants), &w.sum.constants)
	for _, v := range p.Constants {
		w.constant(v)
	}
	w.debug(p)
	w.length(len(p.FunctionPrototypes), &w.sum.inner)
	for _, inner := range p.FunctionPrototypes {
		w.function(inner)
	}
}

// code writes instructions, each with how many lines it is below the one before.
func (w *writer) code(p *lua.FunctionProto) {
	w.length(len(p.Code), &w.sum.code)
	line := p.LineDefined
	for i, instruction := range p.Code {
		w.body = binary.LittleEndian.AppendUint32(w.body, instruction)
		w.number(p.DbgSourcePositions[i] - line)
		line = p.DbgSourcePositions[i]
	}
}

func (w *writer) constant(v lua.LValue) {
	switch v := v.(type) {
	case lua.LBool:
		if v {
			w.body = append(w.body, isTrue)
		} else {
			w.body = append(w.body, isFalse)
		}
	case lua.LNumber:
		w.body = binary.LittleEndian.AppendUint64(append(w.body, isNumber), math.Float64bits(float64(v)))
	case lua.LString:
		w.body = append(w.body, isString)
		w.text(string(v))
	default:
		w.body = append(w.body, isNil)
	}
}

// debug writes what only the messages of errors need.
func (w *writer) debug(p *lua.FunctionProto) {
	w.length(len(p.DbgLocals), &w.sum.locals)
	for _, l := range p.DbgLocals {
		w.text(l.Name)
		w.number(l.StartPc)
		w.number(l.EndPc)
	}
	w.length(len(p.DbgCalls), &w.sum.calls)
	for _, c := range p.DbgCalls {
		w.text(c.Name)
		w.number(c.Pc)
	}
	w.length(len(p.DbgUpvalues), &w.sum.upvalues)
	for _, name := range p.DbgUpvalues {
		w.text(name)
	}
}
