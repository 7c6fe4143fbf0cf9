package sandbox

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// Places in struct seccomp_data, and the instructions that are used.
const (
	dataNr   = 0
	dataArch = 4
	dataArgs = 16

	bpfLoad = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfAnd  = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	bpfJump = unix.BPF_JMP | unix.BPF_JA
	bpfEq   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfGe   = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bpfRet  = unix.BPF_RET | unix.BPF_K
)

// A label is a place in a program, as its distance from the end.
type label int

// assembler writes a program from its end to its start: all jumps of BPF go
// forward, so every target is known when a jump to it is written.
type assembler struct {
	code []unix.SockFilter // reversed
	rets map[uint32]label
}

func (a *assembler) here() label { return label(len(a.code)) }

func (a *assembler) emit(code uint16, k uint32, jt, jf uint8) label {
	a.code = append(a.code, unix.SockFilter{Code: code, Jt: jt, Jf: jf, K: k})
	return a.here()
}

// ret is a place that ends the program with a verdict.
func (a *assembler) ret(verdict uint32) label {
	if at, ok := a.rets[verdict]; ok {
		return at
	}
	at := a.emit(bpfRet, verdict, 0, 0)
	a.rets[verdict] = at
	return at
}

// load loads a word of the data and goes on at next.
func (a *assembler) load(offset uint32, next label) label {
	a.jump(next)
	return a.emit(bpfLoad, offset, 0, 0)
}

// and masks what is loaded and goes on at next.
func (a *assembler) and(mask uint32, next label) label {
	a.jump(next)
	return a.emit(bpfAnd, mask, 0, 0)
}

// jump makes what is written next reach target.
func (a *assembler) jump(target label) {
	if target != a.here() {
		a.emit(bpfJump, uint32(a.here()-target), 0, 0)
	}
}

// branch compares what is loaded with k.
func (a *assembler) branch(code uint16, k uint32, yes, no label) label {
	if yes == no {
		a.jump(yes)
		return a.here()
	}
	no = a.near(no, 1) // reaching yes may take an instruction more
	yes = a.near(yes, 0)
	return a.emit(code, k, uint8(a.here()-yes), uint8(a.here()-no))
}

// near is target, or a jump to it where it is too far for a branch.
func (a *assembler) near(target label, more label) label {
	if a.here()-target+more <= 255 {
		return target
	}
	return a.emit(bpfJump, uint32(a.here()-target), 0, 0)
}

// program is the code in the kernel's form, from start on.
func (a *assembler) program() []byte {
	out := make([]byte, 0, unix.SizeofSockFilter*len(a.code))
	for _, f := range slices.Backward(a.code) {
		out = binary.NativeEndian.AppendUint16(out, f.Code)
		out = append(out, f.Jt, f.Jf)
		out = binary.NativeEndian.AppendUint32(out, f.K)
	}
	return out
}

// A span is all numbers from one on, up to the next span, and where they go.
type span struct {
	from uint32
	to   label
}

// search finds the span of what is loaded, by halves. The first one is from 0.
func (a *assembler) search(spans []span) label {
	if len(spans) == 1 {
		return spans[0].to
	}
	half := len(spans) / 2
	high := a.search(spans[half:])
	low := a.search(spans[:half])
	if len(spans) == 3 && spans[0].to == spans[2].to && spans[2].from == spans[1].from+1 {
		return a.branch(bpfEq, spans[1].from, spans[1].to, spans[0].to)
	}
	return a.branch(bpfGe, spans[half].from, high, low)
}
