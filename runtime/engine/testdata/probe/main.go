// Command probe runs inside containers for the security tests: it looks at its
// walls from within, and attacks what starts beside it.
//
//go:debug containermaxprocs=0
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// main does what the first argument says. Nothing may be opened before the
// descriptors are looked at.
func main() {
	fds := descriptors()
	verb := "look"
	if len(os.Args) > 1 {
		verb = os.Args[1]
	}
	switch verb {
	case "look": // look [QUESTIONS]
		var q questions
		if len(os.Args) > 2 {
			check(json.Unmarshal([]byte(os.Args[2]), &q))
		}
		check(json.NewEncoder(os.Stdout).Encode(look(fds, q)))
	case "id":
		groups, err := os.Getgroups()
		check(err)
		fmt.Println(os.Geteuid(), os.Getegid(), groups)
	case "where":
		where()
	case "int80": // getpid, as a program of 32 bits makes it
		fmt.Println(int32(int80(20)))
	case "killall":
		fmt.Println(unix.Kill(-1, unix.SIGKILL))
	case "fork": // until no more can be had
		fork()
	case "flip": // flip A B: exchanges them for ever
		flip(os.Args[2], os.Args[3])
	case "hunt": // until its input ends
		hunt()
	case "open": // open PATH...: for writing
		for _, name := range os.Args[2:] {
			fmt.Println(name, tryWrite(name))
		}
	case "cat":
		text, err := os.ReadFile(os.Args[2])
		check(err)
		fmt.Print(string(text))
	case "touch":
		check(os.WriteFile(os.Args[2], nil, 0o644))
	case "sleep":
		for {
			_ = unix.Pause()
		}
	default:
		os.Exit(64)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// descriptors lists what is open, with where it leads.
func descriptors() []string {
	dir, err := syscall.Open("/proc/self/fd", syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	check(err)
	defer func() { check(syscall.Close(dir)) }()
	var names []string
	for {
		buf := make([]byte, 4096)
		n, err := syscall.ReadDirent(dir, buf)
		check(err)
		if n == 0 {
			break
		}
		_, _, names = syscall.ParseDirent(buf[:n], -1, names)
	}
	var open []string
	for _, name := range names {
		if name == strconv.Itoa(dir) {
			continue
		}
		target := make([]byte, 256)
		n, err := syscall.Readlink("/proc/self/fd/"+name, target)
		if err == nil {
			open = append(open, name+" "+string(target[:n])+patience(name))
		}
	}
	return open
}

// patience tells of a descriptor that does not wait.
func patience(name string) string {
	fd, err := strconv.Atoi(name)
	check(err)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err == nil && flags&unix.O_NONBLOCK != 0 {
		return " O_NONBLOCK"
	}
	return ""
}

// where says whether the working directory is inside the root.
func where() {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Getcwd(buf)
	check(err)
	fmt.Println(string(buf[:n-1]))
	up, err := os.ReadDir("../../../../../../../../../..")
	check(err)
	for _, entry := range up {
		fmt.Println(entry.Name())
	}
}

// tryWrite opens a file for writing, and says what became of it.
func tryWrite(name string) string {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return reason(err)
	}
	defer f.Close()
	if _, err := f.WriteString("0"); err != nil {
		return reason(err)
	}
	return "written"
}

func reason(err error) string {
	if errno, ok := errorNumber(err); ok {
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

func errorNumber(err error) (unix.Errno, bool) {
	for err != nil {
		if errno, ok := err.(unix.Errno); ok { //nolint:errorlint // it walks itself
			return errno, true
		}
		wrapper, ok := err.(interface{ Unwrap() error }) //nolint:errorlint // it walks itself
		if !ok {
			return 0, false
		}
		err = wrapper.Unwrap()
	}
	return 0, false
}

// fork makes children that wait, until the kernel refuses.
func fork() {
	made := 0
	for made < 500 {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			fmt.Println(made, unix.ErrnoName(errno))
			return
		}
		if pid == 0 {
			for {
				_, _, _ = unix.RawSyscall(unix.SYS_PAUSE, 0, 0, 0)
			}
		}
		made++
	}
	fmt.Println(made, "unlimited")
}
