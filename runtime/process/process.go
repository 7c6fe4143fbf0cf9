// Package process knows who a process is: pid, start time and boot together.
//
// It does not know what the process is for.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Boot is the kernel's id of this boot (proc(5), random/boot_id).
func Boot() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

// Stat is what /proc/PID/stat says of a process (proc(5)).
type Stat struct {
	Name    string // of the program, at most 15 bytes; it stays while it is a zombie
	State   byte   // 'R', 'S', 'D', 'Z', … of its first thread
	Threads int    // field 20: how many there are, the first one included until it is reaped
	Ticks   uint64 // field 22: start time since boot
	Code    int    // field 52: status in the form of waitpid, of a zombie
}

// Dead says whether the process has ended. A first thread that is a zombie does
// not tell by itself: the others may live on, and while one of them executes a
// program the first is a zombie too.
func (s Stat) Dead() bool { return dead(s.State, s.Threads) }

func dead(state byte, threads int) bool {
	return state == 'X' || state == 'Z' && threads <= 1
}

// Gate is the name of a process that waits for leave to execute its program.
// One that ends under this name never ran it.
const Gate = "neap-gate"

// ReadStat looks at a process. The error is fs.ErrNotExist (or ESRCH) once it
// is gone and reaped.
func ReadStat(pid int) (Stat, error) {
	text, err := readProc("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return Stat{}, err
	}
	begin, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[end+1:]))
	if begin < 0 || end < begin || len(fields) < 50 {
		return Stat{}, fmt.Errorf("/proc/%d/stat: unexpected form", pid)
	}
	ticks, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return Stat{}, err
	}
	threads, err := strconv.Atoi(fields[17])
	if err != nil {
		return Stat{}, err
	}
	code, err := strconv.Atoi(fields[49])
	return Stat{Name: string(text[begin+1 : end]), State: fields[0][0], Threads: threads, Ticks: ticks, Code: code}, err
}

// readProc reads a short file of proc in one go, without the questions that
// os.File asks of each.
func readProc(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	text := make([]byte, 1024)
	for {
		n, err := unix.Read(fd, text)
		if !errors.Is(err, unix.EINTR) {
			return text[:max(n, 0)], err
		}
	}
}

// Alive says whether the process with this pid and start time runs: it is not
// gone, and not dead.
func Alive(pid int, ticks uint64) bool {
	stat, err := ReadStat(pid)
	return err == nil && stat.Ticks == ticks && !stat.Dead()
}

// Open opens the living process with this pid and start time as a pidfd; any
// other is fault.Conflict. The caller closes it.
func Open(pid int, ticks uint64) (*os.File, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fault.New(fault.Conflict, "process %d is gone", pid)
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	if !Alive(pid, ticks) {
		return nil, errors.Join(fault.New(fault.Conflict, "process %d is gone", pid), f.Close())
	}
	return f, nil
}
