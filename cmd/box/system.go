package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

func sleep(c *call) error {
	if len(c.args) == 0 {
		return c.usage("TIME...")
	}
	var total time.Duration
	for _, a := range c.args {
		if a == "infinity" || a == "inf" {
			select {}
		}
		d, err := span(a)
		if err != nil {
			return err
		}
		total += d
	}
	time.Sleep(total)
	return nil
}

func date(c *call) error {
	now := time.Now()
	for _, a := range c.args {
		switch {
		case a == "-u":
			now = now.UTC()
		case strings.HasPrefix(a, "+"):
			fmt.Fprintln(c.out, strftime(a[1:], now))
			return nil
		default:
			return c.usage("[-u] [+FORMAT]")
		}
	}
	fmt.Fprintln(c.out, now.Format("Mon Jan _2 15:04:05 MST 2006"))
	return nil
}

func strftime(format string, t time.Time) string {
	layouts := map[byte]string{
		'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday",
		'e': "_2", 'I': "03", 'p': "PM", 'Z': "MST", 'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'j': "002", 'N': "000000000",
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, known := layouts[format[i]]; {
		case format[i] == 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case format[i] == 'N':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case known:
			b.WriteString(t.Format(layout))
		case format[i] == '%':
			b.WriteByte('%')
		default:
			b.WriteString("%" + format[i:i+1])
		}
	}
	return b.String()
}

func hostname(c *call) error {
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		return unix.Sethostname([]byte(c.args[0]))
	}
	name, err := os.Hostname()
	fmt.Fprintln(c.out, name)
	return err
}

func uname(c *call) error {
	f, _, err := c.options("asnrvmo")
	if err != nil {
		return err
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	text := func(b [65]byte) string { return unix.ByteSliceToString(b[:]) }
	values := []string{text(u.Sysname), text(u.Nodename), text(u.Release), text(u.Version), text(u.Machine), "GNU/Linux"}
	var shown []string
	for i, b := range []byte("snrvmo") {
		if f.has(b) || f.has('a') || len(f) == 0 && b == 's' {
			shown = append(shown, values[i])
		}
	}
	fmt.Fprintln(c.out, strings.Join(shown, " "))
	return nil
}

func nproc(c *call) error {
	fmt.Fprintln(c.out, runtime.NumCPU())
	return nil
}

func syncDisks(*call) error {
	unix.Sync()
	return nil
}

func kill(c *call) error {
	sig, args := syscall.SIGTERM, c.args
	if len(args) > 1 && args[0] == "-s" {
		args = append([]string{"-" + args[1]}, args[2:]...)
	}
	if len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "--" {
		sig = signalNamed(args[0][1:])
		if sig == 0 && args[0] != "-0" {
			return fmt.Errorf("%q is no signal", args[0][1:])
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return c.usage("[-SIGNAL | -s SIGNAL] PID...")
	}
	return c.each(args, func(a string) error {
		pid, err := strconv.Atoi(a)
		if err != nil {
			return fmt.Errorf("%q is no process id", a)
		}
		if err := syscall.Kill(pid, sig); err != nil {
			return fmt.Errorf("%d: %w", pid, err)
		}
		return nil
	})
}

func env(c *call) error {
	f, rest, err := c.options("+iu:")
	if err != nil {
		return err
	}
	if f.has('i') {
		os.Clearenv()
	}
	os.Unsetenv(f['u'])
	for len(rest) > 0 && strings.Contains(rest[0], "=") {
		name, value, _ := strings.Cut(rest[0], "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return become(rest)
	}
	for _, line := range os.Environ() {
		fmt.Fprintln(c.out, line)
	}
	return nil
}

// become replaces this process by another program.
func become(args []string) error {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return errors.Join(err, status(127))
	}
	return syscall.Exec(path, args, os.Environ())
}

func printenv(c *call) error {
	if len(c.args) == 0 {
		return env(c)
	}
	for _, name := range c.args {
		v, ok := os.LookupEnv(name)
		if !ok {
			return status(1)
		}
		fmt.Fprintln(c.out, v)
	}
	return nil
}

func which(c *call) error {
	for _, name := range c.args {
		path, err := exec.LookPath(name)
		if err != nil {
			c.code = 1
			continue
		}
		fmt.Fprintln(c.out, path)
	}
	return nil
}

func tty(c *call) error {
	name, err := os.Readlink("/proc/self/fd/0")
	if err != nil || !term.IsTerminal(int(c.in.Fd())) {
		fmt.Fprintln(c.out, "not a tty")
		return status(1)
	}
	fmt.Fprintln(c.out, name)
	return nil
}

func stty(c *call) error {
	fd := int(c.in.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return err
	}
	switch args := strings.Join(c.args, " "); args {
	case "size":
		fmt.Fprintln(c.out, w.Row, w.Col)
		return nil
	case "", "-a":
		fmt.Fprintf(c.out, "rows %d; columns %d; echo %v; icanon %v; isig %v\n", w.Row, w.Col,
			t.Lflag&unix.ECHO != 0, t.Lflag&unix.ICANON != 0, t.Lflag&unix.ISIG != 0)
		return nil
	case "echo":
		t.Lflag |= unix.ECHO
	case "-echo":
		t.Lflag &^= unix.ECHO
	case "sane":
		t.Iflag |= unix.ICRNL | unix.IXON
		t.Oflag |= unix.OPOST | unix.ONLCR
		t.Lflag |= unix.ECHO | unix.ICANON | unix.ISIG | unix.IEXTEN
	default:
		return c.usage("[size | -a | echo | -echo | sane]")
	}
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
