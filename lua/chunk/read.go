package chunk

import (
	"encoding/binary"
	"math"
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// Read makes again what was written, under the name of its source. Bytes that
// Write did not make are not its affair: they may make it panic.
func Read(name string, b []byte) *lua.FunctionProto {
	r := &reader{name: name, rest: b}
	for _, n := range r.sum.all() {
		*n = r.unsigned()
	}
	r.readTexts()
	r.protos = make([]lua.FunctionProto, r.sum.protos)
	r.code, r.lines = make([]uint32, r.sum.code), make([]int, r.sum.code)
	r.constants, r.strings = make([]lua.LValue, r.sum.constants), make([]string, r.sum.constants)
	r.inner = make([]*lua.FunctionProto, r.sum.inner)
	r.locals, r.named = make([]lua.DbgLocalInfo, r.sum.locals), make([]*lua.DbgLocalInfo, r.sum.locals)
	r.calls, r.upvalues = make([]lua.DbgCall, r.sum.calls), make([]string, r.sum.upvalues)
	return r.function()
}

// reader holds what is not read yet, and what is not given out yet of each sort
// of things.
type reader struct {
	name  string
	rest  []byte
	sum   sums
	texts []lua.LValue

	protos    []lua.FunctionProto
	code      []uint32
	lines     []int
	constants []lua.LValue
	strings   []string
	inner     []*lua.FunctionProto
	locals    []lua.DbgLocalInfo
	named     []*lua.DbgLocalInfo
	calls     []lua.DbgCall
	upvalues  []string
}

// take gives out the first n of a sort.
func take[T any](from *[]T, n int) []T {
	taken := (*from)[:n:n]
	*from = (*from)[n:]
	return taken
}

func (r *reader) byte() byte { return take(&r.rest, 1)[0] }

func (r *reader) unsigned() int {
	n, width := binary.Uvarint(r.rest)
	r.rest = r.rest[width:]
	return int(n)
}

func (r *reader) number() int {
	n, width := binary.Varint(r.rest)
	r.rest = r.rest[width:]
	return int(n)
}

// readTexts makes one string of all texts, of which each is a part.
func (r *reader) readTexts() {
	lengths, total := make([]int, r.sum.texts), 0
	for i := range lengths {
		lengths[i] = r.unsigned()
		total += lengths[i]
	}
	all := string(take(&r.rest, total))
	r.texts = make([]lua.LValue, len(lengths))
	for i, n := range lengths {
		r.texts[i] = lua.LString(all[:n])
		all = all[n:]
	}
}

// text is the next text: as a value that is there already, and as a string.
func (r *reader) text() (lua.LValue, string) {
	v := r.texts[r.number()]
	return v, string(v.(lua.LString))
}

func (r *reader) function() *lua.FunctionProto {
	p := &take(&r.protos, 1)[0]
	p.SourceName = r.name
	p.NumUpvalues, p.NumParameters, p.IsVarArg, p.NumUsedRegisters = r.byte(), r.byte(), r.byte(), r.byte()
	p.LineDefined, p.LastLineDefined = r.number(), r.number()
	r.readCode(p)
	r.readConstants(p)
	r.readDebug(p)
	p.FunctionPrototypes = take(&r.inner, r.number())
	for i := range p.FunctionPrototypes {
		p.FunctionPrototypes[i] = r.function()
	}
	return p
}

func (r *reader) readCode(p *lua.FunctionProto) {
	n := r.number()
	p.Code, p.DbgSourcePositions = take(&r.code, n), take(&r.lines, n)
	line := p.LineDefined
	for i := range n {
		p.Code[i] = binary.LittleEndian.Uint32(take(&r.rest, 4))
		line += r.number()
		p.DbgSourcePositions[i] = line
	}
}

func (r *reader) readConstants(p *lua.FunctionProto) {
	n := r.number()
	p.Constants = take(&r.constants, n)
	texts := take(&r.strings, n)
	for i := range n {
		switch r.byte() {
		case isNil:
			p.Constants[i] = lua.LNil
		case isFalse:
			p.Constants[i] = lua.LFalse
		case isTrue:
			p.Constants[i] = lua.LTrue
		case isNumber:
			p.Constants[i] = lua.LNumber(math.Float64frombits(binary.LittleEndian.Uint64(take(&r.rest, 8))))
		case isString:
			p.Constants[i], texts[i] = r.text()
		}
	}
	setTexts(p, texts)
}

// setTexts gives the machine the names of globals and fields, which the library
// keeps beside the constants for itself.
func setTexts(p *lua.FunctionProto, texts []string) {
	field := reflect.ValueOf(p).Elem().FieldByName("stringConstants")
	*(*[]string)(field.Addr().UnsafePointer()) = texts
}

func (r *reader) readDebug(p *lua.FunctionProto) {
	n := r.number()
	p.DbgLocals = take(&r.named, n)
	for i := range n {
		l := &take(&r.locals, 1)[0]
		_, l.Name = r.text()
		l.StartPc, l.EndPc = r.number(), r.number()
		p.DbgLocals[i] = l
	}
	p.DbgCalls = take(&r.calls, r.number())
	for i := range p.DbgCalls {
		_, p.DbgCalls[i].Name = r.text()
		p.DbgCalls[i].Pc = r.number()
	}
	p.DbgUpvalues = take(&r.upvalues, r.number())
	for i := range p.DbgUpvalues {
		_, p.DbgUpvalues[i] = r.text()
	}
}
