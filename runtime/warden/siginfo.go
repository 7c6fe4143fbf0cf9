package warden

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// endedPid is si_pid of the siginfo that waitid(2) fills, 0 if no child ended.
// The field lies behind three ints and, on 64-bit machines, four bytes of
// padding; x/sys does not name it.
func endedPid(info *unix.Siginfo) int {
	const offset = 16
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), offset)))
}
