package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// A command is one name that box answers to.
type command struct {
	name    string
	run     func(*call) error
	instant bool // ends by itself at once, so it needs no signal handler
}

// A call is one command being run: its arguments, its streams and the exit code so far.
type call struct {
	name string
	args []string
	in   *os.File
	out  *bufio.Writer
	err  io.Writer
	code int

	signals signals
}

// A status is an exit code that needs no message.
type status int

func (s status) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// usage reports wrong arguments.
func (c *call) usage(text string) error {
	fmt.Fprintf(c.err, "usage: %s %s\n", c.name, text)
	return status(2)
}

// flags are the single-letter options that were given, with their values.
type flags map[byte]string

func (f flags) has(b byte) bool { _, ok := f[b]; return ok }

func (f flags) number(b byte, otherwise int) (int, error) {
	v, ok := f[b]
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fmt.Errorf("-%c must be a whole number, got %q", b, v)
	}
	return n, nil
}

// options splits the arguments into the options of spec and the operands. A colon after a letter means that it takes a value.
// Options end at the first operand where spec begins with "+", else they may stand anywhere.
func (c *call) options(spec string) (flags, []string, error) {
	f, rest, args := flags{}, []string(nil), c.args
	early := strings.HasPrefix(spec, "+")
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if a == "--" {
			return f, append(rest, args...), nil
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			if early {
				return f, append(rest, args...), nil
			}
			continue
		}
		used, err := f.cluster(spec, a[1:], args)
		if err != nil {
			return nil, nil, err
		}
		args = args[used:]
	}
	return f, rest, nil
}

// cluster reads the letters of one argument such as -la or -n5; used says how many of the arguments after it were values.
func (f flags) cluster(spec, letters string, next []string) (used int, err error) {
	for i := range len(letters) {
		b := letters[i]
		at := strings.IndexByte(spec, b)
		if at < 0 || b == ':' || b == '+' {
			return 0, fmt.Errorf("no option is called -%s", letters[i:])
		}
		if at+1 == len(spec) || spec[at+1] != ':' {
			f[b] = ""
			continue
		}
		if i+1 < len(letters) {
			f[b] = letters[i+1:]
			return 0, nil
		}
		if len(next) == 0 {
			return 0, fmt.Errorf("-%c needs a value", b)
		}
		f[b] = next[0]
		return 1, nil
	}
	return 0, nil
}

// inputs calls do for every file named, for standard input where none is or where the name is "-", and reports what cannot be opened.
func (c *call) inputs(names []string, do func(name string, f *os.File) error) error {
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		if err := c.input(name, do); err != nil {
			c.fail(err)
		}
	}
	return nil
}

func (c *call) input(name string, do func(string, *os.File) error) error {
	if name == "-" {
		return do(name, c.in)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return do(name, f)
}

// lines calls do for every line of the named files, without its end.
func (c *call) lines(names []string, do func(line string) error) error {
	return c.inputs(names, func(_ string, f *os.File) error { return eachLine(f, do) })
}

func eachLine(r io.Reader, do func(line string) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if err := do(strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// span reads a time such as 5, 0.2, 3s, 2m, 1h or 1d.
func span(s string) (time.Duration, error) {
	unit, digits := time.Second, s
	for suffix, u := range map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour} {
		if d, ok := strings.CutSuffix(s, suffix); ok && len(d) < len(digits) {
			unit, digits = u, d
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no time; write 5, 0.2, 3s, 2m, 1h or 1d", s)
	}
	return time.Duration(n * float64(unit)), nil
}
