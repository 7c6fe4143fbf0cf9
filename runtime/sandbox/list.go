package sandbox

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// The format of a launch list; the other half is stub/src/stub.c.
const (
	headerSize = 24
	slotCount  = 32
	opSize     = 64
	opsAt      = headerSize + 8*slotCount

	syncFD = 3 // the socket in the stub

	opUnless = 0x10000 // arg 0 >= 0: as a positive result
	opReap   = 0x10001 // be process 1 for child arg 0

	positive = 0xffff // an "on" code: any result above 0
	anyError = 0xfffe // an "on" code: any errno

	flagMust = 1 // a result of 0 ends the stub
)

// An arg is an argument of a system call: a number, the address of a place in
// the data, or the result that an earlier operation left in a slot.
type arg struct {
	value uint64
	kind  argKind
}

type argKind uint8

const (
	plain argKind = iota
	address
	fromSlot
)

func num[T ~int | ~int32 | ~int64 | ~uint32 | ~uint64 | ~uint | ~uint16](n T) arg {
	return arg{value: uint64(n)}
}

// A slot keeps the result of an operation.
type slot uint8

func (s slot) arg() arg { return arg{value: uint64(s), kind: fromSlot} }

// An on says that a result is expected, and how many operations to skip then.
type on struct {
	code uint16
	skip uint16
}

type op struct {
	label string
	nr    uint32
	args  [6]arg
	out   uint8
	flags uint8
	on    [2]on
}

// list is a launch list under construction: operations, the data they point
// to, and the files the stub holds.
type list struct {
	ops   []op
	data  []byte
	known map[string]uint64 // what is in data already
	inner []uint64          // places in data that hold addresses of data
	slots []uint64          // places in data that hold addresses of slots
	files []*os.File        // from descriptor 0 on; nil is the socket
}

func newList(stdin, stdout, stderr *os.File) *list {
	return &list{known: map[string]uint64{}, files: []*os.File{stdin, stdout, stderr, nil}}
}

// fd gives f to the stub and is its number there.
func (l *list) fd(f *os.File) arg {
	l.files = append(l.files, f)
	return num(len(l.files) - 1)
}

// call adds a system call. label is what an error names.
func (l *list) call(label string, nr uintptr, args ...arg) *op {
	o := op{label: label, nr: uint32(nr)}
	copy(o.args[:], args)
	l.ops = append(l.ops, o)
	return &l.ops[len(l.ops)-1]
}

// to keeps the result in s.
func (o *op) to(s slot) *op {
	o.out = uint8(s) + 1
	return o
}

// expect takes a refusal with errno as success and skips so many operations.
func (o *op) expect(errno unix.Errno, skip int) *op { return o.when(uint16(errno), skip) }

func (o *op) when(code uint16, skip int) *op {
	for i := range o.on {
		if o.on[i].code == 0 {
			o.on[i] = on{code: code, skip: uint16(skip)}
			return o
		}
	}
	panic("sandbox: an operation expects two results at most")
}

// bytes puts b into the data once, aligned, and is its address.
func (l *list) bytes(b []byte) arg {
	if at, ok := l.known[string(b)]; ok {
		return arg{value: at, kind: address}
	}
	at := l.room(len(b))
	copy(l.data[at:], b)
	l.known[string(b)] = at
	return arg{value: at, kind: address}
}

// room makes n zero bytes that nothing shares.
func (l *list) room(n int) uint64 {
	at := uint64(len(l.data))
	l.data = append(l.data, make([]byte, (n+7)&^7)...)
	return at
}

func (l *list) str(s string) arg { return l.bytes(append([]byte(s), 0)) }

// words puts 64-bit numbers.
func (l *list) words(w ...uint64) arg {
	b := make([]byte, 0, 8*len(w))
	for _, v := range w {
		b = binary.NativeEndian.AppendUint64(b, v)
	}
	return l.bytes(b)
}

// vector puts the pointers of a null-terminated array of strings.
func (l *list) vector(s []string) arg {
	at := l.room(8 * (len(s) + 1))
	for i, v := range s {
		l.point(at+8*uint64(i), l.str(v).value)
	}
	return arg{value: at, kind: address}
}

// point makes the word at a place of the data the address of another place.
func (l *list) point(at, target uint64) {
	binary.NativeEndian.PutUint64(l.data[at:], target)
	l.inner = append(l.inner, at)
}

// pointSlot makes the word at a place of the data the address of a slot.
func (l *list) pointSlot(at uint64, s slot) {
	binary.NativeEndian.PutUint64(l.data[at:], headerSize+8*uint64(s))
	l.slots = append(l.slots, at)
}

// encode is the list as the stub reads it.
func (l *list) encode() []byte {
	dataAt := uint64(opsAt + opSize*len(l.ops))
	out := make([]byte, dataAt, int(dataAt)+len(l.data)+4*len(l.ops))
	var relocs []uint32
	for i := range l.ops {
		at := opsAt + opSize*i
		for _, k := range l.ops[i].put(out[at:at+opSize], dataAt) {
			relocs = append(relocs, uint32(at+8*k))
		}
	}
	out = append(out, l.data...)
	for _, at := range l.inner {
		place := out[dataAt+at:]
		binary.NativeEndian.PutUint64(place, binary.NativeEndian.Uint64(place)+dataAt)
		relocs = append(relocs, uint32(dataAt+at))
	}
	for _, at := range l.slots {
		relocs = append(relocs, uint32(dataAt+at))
	}
	relocsAt := len(out)
	for _, r := range relocs {
		out = binary.NativeEndian.AppendUint32(out, r)
	}
	binary.NativeEndian.PutUint64(out[0:], uint64(len(out)))
	binary.NativeEndian.PutUint32(out[8:], uint32(len(l.ops)))
	binary.NativeEndian.PutUint32(out[12:], uint32(len(relocs)))
	binary.NativeEndian.PutUint32(out[16:], uint32(relocsAt))
	return out
}

// put writes the operation to b and says which arguments are addresses.
func (o *op) put(b []byte, dataAt uint64) (addresses []int) {
	var slots uint8
	for i, a := range o.args {
		switch a.kind {
		case address:
			a.value += dataAt
			addresses = append(addresses, i)
		case fromSlot:
			slots |= 1 << i
		case plain:
		}
		binary.NativeEndian.PutUint64(b[8*i:], a.value)
	}
	binary.NativeEndian.PutUint32(b[48:], o.nr)
	b[52], b[53], b[54] = slots, o.out, o.flags
	for i, on := range o.on {
		binary.NativeEndian.PutUint16(b[56+4*i:], on.code)
		binary.NativeEndian.PutUint16(b[58+4*i:], on.skip)
	}
	return addresses
}
