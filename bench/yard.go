package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// benchImage is the image of every row: the built-in one and the program that
// measures the wire.
const benchImage = "bench:latest"

// A yard is where the contestants are: below one directory, each in a place of
// its own, made when a row first asks for them.
type yard struct {
	options
	dir     string
	rootfs  string // the image, unpacked
	neaps   []version
	rivals  map[string]func() (*rival, error)
	ocis    map[string]func() (*oci, error)
	archive string            // a large image, once it was made
	peers   map[string]string // the versions of those that took part
	ends    []func() error
}

// A version is a build of neap with a name.
type version struct {
	name string
	*neap
}

// options is what the command line asked for.
type options struct {
	source  string // the directory of this module
	program string // the neap to be measured
	count   int
	all     bool   // the long rows too, and all rounds of the heavy ones
	pattern string // of the keys of the rows that are wanted
	out     string
}

func newYard(opt options) (*yard, error) {
	dir, err := os.MkdirTemp("/var/tmp", "neap-bench-") // on a real disk: not every tmpfs can hold an upper directory
	if err != nil {
		return nil, err
	}
	y := &yard{options: opt, dir: dir, rootfs: filepath.Join(dir, "rootfs"), peers: map[string]string{}}
	y.rivals = map[string]func() (*rival, error){"docker": y.rival(newDocker, "docker"), "podman": y.rival(newPodman, "podman")}
	y.ocis = map[string]func() (*oci, error){}
	for _, name := range []string{"crun", "runc"} {
		y.ocis[name], y.ocis[name+unfiltered] = y.oci(name, true), y.oci(name, false)
	}
	return y, y.furnish()
}

// furnish builds the programs that take part and the image.
func (y *yard) furnish() error {
	if err := os.Chmod(y.dir, 0o755); err != nil { // container roots lie below, whose users are not always root
		return err
	}
	if err := os.Mkdir(y.rootfs, 0o755); err != nil {
		return err
	}
	arch, err := y.tool("go", "env", "GOARCH")
	if err != nil {
		return err
	}
	box := filepath.Join(y.source, "cmd/box/image", "box_"+strings.TrimSpace(arch)+".tar.gz")
	for _, argv := range [][]string{
		{"gcc", "-O2", "-o", y.path("floor"), filepath.Join(y.source, "bench/floor.c")},
		{"go", "build", "-o", y.path("hello"), "./bench/hello"},
		{"tar", "-xzf", box, "-C", y.rootfs},
		{"go", "build", "-o", filepath.Join(y.rootfs, "traffic"), "./bench/traffic"},
		{"tar", "-C", y.rootfs, "-cf", y.path("bench.tar"), "."},
	} {
		if _, err := y.tool(argv...); err != nil {
			return err
		}
	}
	return nil
}

// tool runs a program in the module's directory and gives what it printed.
func (y *yard) tool(argv ...string) (string, error) {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = y.source
	c.Env = append(c.Environ(), "CGO_ENABLED=0")
	text, err := c.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, exit.Stderr)
		}
		return "", err
	}
	return string(text), nil
}

func (y *yard) path(name string) string { return filepath.Join(y.dir, name) }

// mark names the cgroups of a peer that the bench started.
func (y *yard) mark(name string) string { return filepath.Base(y.dir) + "-" + name }

// addNeap lets a build of neap take part.
func (y *yard) addNeap(name, program string) error {
	n, err := newNeap(program, filepath.Join(y.source, "bench/rows.lua"), y.path("neap-"+name))
	if err != nil {
		return err
	}
	y.ends = append(y.ends, n.close)
	y.neaps = append(y.neaps, version{name, n})
	return n.equip(y.path("bench.tar"))
}

// rival makes a Docker or a Podman at the first call.
func (y *yard) rival(start func(dir, mark string) (*rival, error), name string) func() (*rival, error) {
	return sync.OnceValues(func() (*rival, error) {
		if err := os.Mkdir(y.path(name), 0o755); err != nil {
			return nil, err
		}
		r, err := start(y.path(name), y.mark(name))
		if err != nil {
			return nil, unavailable(err)
		}
		y.ends, y.peers[name] = append(y.ends, r.close), r.version
		return r, unavailable(r.equip(y.path("bench.tar")))
	})
}

// unfiltered marks the runtime without a seccomp profile: crun compiles one at
// every start, which would hide what else it costs.
const unfiltered = ", no seccomp"

func (y *yard) oci(name string, filtered bool) func() (*oci, error) {
	return sync.OnceValues(func() (*oci, error) {
		dir, err := os.MkdirTemp(y.dir, name+"-")
		if err != nil {
			return nil, err
		}
		o, err := newOCI(name, dir, y.rootfs, filepath.Base(y.dir)+"-"+filepath.Base(dir), filtered)
		if err != nil {
			return nil, unavailable(err)
		}
		y.ends, y.peers[name] = append(y.ends, o.close), o.version
		return o, nil
	})
}

// unavailable makes it an absence that a peer cannot be made to work here: the
// other rows of the table are still worth having.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return absence(err.Error())
}

// rounds is how many a row gets.
func (y *yard) rounds(r *row) int {
	switch {
	case r.effort == long, r.effort == single:
		return 1
	case r.effort == heavy && !y.all:
		return min(few, y.count)
	default:
		return y.count
	}
}

// close removes everything that the bench made.
func (y *yard) close() error {
	var errs []error
	for i := len(y.ends) - 1; i >= 0; i-- {
		errs = append(errs, y.ends[i]())
	}
	return errors.Join(append(errs, os.RemoveAll(y.dir))...)
}
