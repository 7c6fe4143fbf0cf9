package process

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// Peek is the two things of ReadStat that tell whether a process lives, for
// whoever looks at thousands. ok is false if it is gone or dead, or if the pid
// is another's since.
func Peek(pid int, ticks uint64) (state byte, ok bool) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	var buf [512]byte // the start time comes long before
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return 0, false
	}
	text := buf[:n]
	rest := text[bytes.LastIndexByte(text, ')')+1:]
	if len(rest) < 2 || field(rest, 19) != ticks {
		return 0, false
	}
	state = rest[1]
	return state, !dead(state, int(field(rest, 17)))
}

// field is the n-th number, from 0, in a text of words with a blank before
// each.
func field(text []byte, n int) (value uint64) {
	for range n + 1 {
		_, text, _ = bytes.Cut(text, []byte{' '})
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			break
		}
		value = 10*value + uint64(c-'0')
	}
	return value
}
