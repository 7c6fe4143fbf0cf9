// Command box is the program of the built-in image: a shell, the core commands, a web server and a few network tools in one static file,
// each reached by the name it is called by (or as `box NAME ...`).
//
// It knows nothing of containers. It is written to start fast and to die of TERM even as the first process of a pid namespace, where
// the kernel gives a program no default action.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	args := os.Args
	name := filepath.Base(args[0])
	if name == "box" && len(args) > 1 {
		args = args[1:]
		name = filepath.Base(args[0])
	}
	if name != "-list" {
		name = strings.TrimPrefix(name, "-") // a login shell is called "-sh"
	}
	os.Exit(run(name, args[1:]))
}

func run(name string, args []string) int {
	all := commands()
	if name == "-list" {
		list(os.Stdout, all)
		return 0
	}
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		fmt.Fprintf(os.Stderr, "box: no command is called %q; there are:\n", name)
		list(os.Stderr, all)
		return 127
	}
	c := &call{name: name, args: args, in: os.Stdin, out: bufio.NewWriterSize(os.Stdout, 32<<10), err: os.Stderr}
	if os.Getpid() == 1 && !all[i].instant {
		c.signals.die()
	}
	err := all[i].run(c)
	return c.end(err)
}

func list(w io.Writer, all []command) {
	for _, c := range all {
		fmt.Fprintf(w, "%s ", c.name)
	}
	fmt.Fprintln(w)
}

// end writes what is buffered and turns the outcome of a command into its exit code.
func (c *call) end(err error) int {
	if flushed := c.out.Flush(); err == nil {
		err = flushed
	}
	var s status
	switch {
	case err == nil:
		return c.code
	case errors.As(err, &s):
		return int(s)
	}
	c.fail(err)
	return c.code
}

// fail reports one thing that went wrong without ending the command, which will exit with 1.
func (c *call) fail(err error) {
	c.code = 1
	var p *fs.PathError
	if errors.As(err, &p) {
		err = fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	fmt.Fprintf(c.err, "%s: %v\n", c.name, err)
}
