package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

func flip(a, b string) {
	for {
		_ = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	}
}

// hunt looks at every process that comes, tries to open its program for
// writing, and tells all places that it saw descriptors, roots and working
// directories lead to.
func hunt() {
	seen := map[string]bool{}
	note := func(what, where string) { seen[what+" "+where] = true }
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = os.Stdin.Read(make([]byte, 1))
	}()
	own := fmt.Sprintf("/proc/%d", os.Getpid())
	for {
		select {
		case <-ended:
			tell(seen)
			return
		default:
		}
		pids, _ := filepath.Glob("/proc/[0-9]*")
		for _, dir := range pids {
			if dir != own && dir != "/proc/1" {
				prey(dir, note)
			}
		}
	}
}

func prey(dir string, note func(what, where string)) {
	program, err := os.Readlink(dir + "/exe")
	if err != nil {
		return
	}
	note("exe", program)
	if !strings.HasPrefix(program, "/bin/") {
		if fd, err := unix.Open(dir+"/exe", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
			note("writable", program)
			_ = unix.Close(fd)
		}
	}
	for _, link := range []string{"root", "cwd"} {
		if at, err := place(dir + "/" + link); err == nil {
			note(link, at)
		}
	}
	if strings.HasPrefix(program, "/bin/") {
		return // what it opened since is its own
	}
	var open []string
	fds, _ := os.ReadDir(dir + "/fd")
	for _, fd := range fds {
		if at, err := place(dir + "/fd/" + fd.Name()); err == nil {
			kind, _, _ := strings.Cut(at, ":[")
			open = append(open, kind)
		}
	}
	if now, err := os.Readlink(dir + "/exe"); err != nil || now != program {
		return // it may have become the program meanwhile
	}
	for _, kind := range open {
		note("fd", kind)
	}
}

// place is where a link of /proc leads: "/" only if it is our own root.
func place(link string) (string, error) {
	at, err := os.Readlink(link)
	if err != nil || at != "/" {
		return at, err
	}
	there, err := os.Stat(link)
	if err != nil {
		return "", err
	}
	if own, err := os.Stat("/"); err != nil || !os.SameFile(own, there) {
		at = "another root"
	}
	return at, nil
}

func tell(seen map[string]bool) {
	var all []string
	for line := range seen {
		all = append(all, line)
	}
	slices.Sort(all)
	fmt.Println(strings.Join(all, "\n"))
}
