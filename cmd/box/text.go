package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// countFlag turns the old form -20 into -n 20.
func (c *call) countFlag() {
	if len(c.args) > 0 && len(c.args[0]) > 1 && c.args[0][0] == '-' && c.args[0][1] >= '0' && c.args[0][1] <= '9' {
		c.args = append([]string{"-n", c.args[0][1:]}, c.args[1:]...)
	}
}

func head(c *call) error {
	c.countFlag()
	f, names, err := c.options("n:c:q")
	if err != nil {
		return err
	}
	n, err := f.number('n', 10)
	if err != nil {
		return err
	}
	bytes, err := f.number('c', 0)
	if err != nil {
		return err
	}
	return c.inputs(names, func(name string, file *os.File) error {
		if len(names) > 1 && !f.has('q') {
			fmt.Fprintf(c.out, "==> %s <==\n", name)
		}
		if f.has('c') {
			_, err := io.CopyN(c.out, file, int64(bytes))
			return ignoreEnd(err)
		}
		in := bufio.NewReader(file)
		for range n {
			line, err := in.ReadString('\n')
			c.out.WriteString(line)
			if err != nil {
				return ignoreEnd(err)
			}
		}
		return nil
	})
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func tail(c *call) error {
	c.countFlag()
	f, names, err := c.options("n:c:fFq")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(f.or('n', "10"), "+"))
	if err != nil {
		return err
	}
	err = c.inputs(names, func(name string, file *os.File) error {
		if len(names) > 1 && !f.has('q') {
			fmt.Fprintf(c.out, "==> %s <==\n", name)
		}
		if f.has('c') {
			return c.lastBytes(file, f['c'])
		}
		if err := c.lastLines(file, n, strings.HasPrefix(f['n'], "+")); err != nil {
			return err
		}
		if f.has('f') || f.has('F') {
			return c.follow(file)
		}
		return nil
	})
	return err
}

func (f flags) or(b byte, otherwise string) string {
	if v, ok := f[b]; ok {
		return v
	}
	return otherwise
}

func (c *call) lastBytes(r io.Reader, count string) error {
	n, err := strconv.Atoi(strings.TrimPrefix(count, "-"))
	if err != nil {
		return err
	}
	all, err := io.ReadAll(r)
	c.out.Write(all[max(0, len(all)-n):])
	return err
}

// lastLines writes the last n lines, or all from line n on.
func (c *call) lastLines(r io.Reader, n int, from bool) error {
	var kept []string
	at := 0
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		at++
		switch {
		case from && at >= n:
			c.out.WriteString(line)
		case !from && line != "":
			kept = append(kept, line)
			kept = kept[max(0, len(kept)-n):]
		}
		if err != nil {
			c.out.WriteString(strings.Join(kept, ""))
			return ignoreEnd(err)
		}
	}
}

// follow writes what is added to a file for as long as the process lives.
func (c *call) follow(file *os.File) error {
	for {
		if err := c.out.Flush(); err != nil {
			return err
		}
		n, err := io.Copy(os.Stdout, file)
		if err != nil {
			return err
		}
		if n == 0 {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func wc(c *call) error {
	f, names, err := c.options("lwcm")
	if err != nil {
		return err
	}
	var total [3]int
	err = c.inputs(names, func(name string, file *os.File) error {
		n, err := count(file, f.has('m'))
		for i := range total {
			total[i] += n[i]
		}
		c.counts(f, n, strings.TrimPrefix(name, "-"))
		return err
	})
	if len(names) > 1 {
		c.counts(f, total, "total")
	}
	return err
}

// count gives lines, words and bytes (or characters).
func count(r io.Reader, runes bool) (n [3]int, err error) {
	in, inWord := bufio.NewReaderSize(r, 64<<10), false
	for {
		b, err := in.ReadByte()
		if err != nil {
			return n, ignoreEnd(err)
		}
		space := b == ' ' || b >= '\t' && b <= '\r'
		if !space && !inWord {
			n[1]++
		}
		inWord = !space
		if b == '\n' {
			n[0]++
		}
		if !runes || utf8.RuneStart(b) {
			n[2]++
		}
	}
}

func (c *call) counts(f flags, n [3]int, name string) {
	var parts []string
	for i, b := range []byte("lwc") {
		if len(f) == 0 || f.has(b) || b == 'c' && f.has('m') {
			parts = append(parts, strconv.Itoa(n[i]))
		}
	}
	if name != "" {
		parts = append(parts, name)
	}
	fmt.Fprintln(c.out, strings.Join(parts, " "))
}

func seq(c *call) error {
	n := [3]float64{1, 1, 1} // first, step, last
	places := map[int][]int{1: {2}, 2: {0, 2}, 3: {0, 1, 2}}[len(c.args)]
	if places == nil {
		return c.usage("[FIRST [STEP]] LAST")
	}
	for i, at := range places {
		v, err := strconv.ParseFloat(c.args[i], 64)
		if err != nil {
			return fmt.Errorf("%q is no number", c.args[i])
		}
		n[at] = v
	}
	if n[1] == 0 {
		return errors.New("the step must not be 0")
	}
	for i := 0; ; i++ {
		v := n[0] + float64(i)*n[1]
		if n[1] > 0 && v > n[2] || n[1] < 0 && v < n[2] {
			return nil
		}
		if _, err := fmt.Fprintln(c.out, strconv.FormatFloat(v, 'f', -1, 64)); err != nil {
			return err
		}
	}
}

func yes(c *call) error {
	text := "y"
	if len(c.args) > 0 {
		text = strings.Join(c.args, " ")
	}
	for {
		if _, err := fmt.Fprintln(c.out, text); err != nil {
			return status(1)
		}
	}
}

func sortLines(c *call) error {
	f, names, err := c.options("rnufk:t:b")
	if err != nil {
		return err
	}
	var all []string
	if err := c.lines(names, func(line string) error { all = append(all, line); return nil }); err != nil {
		return err
	}
	key, err := sortKey(f)
	if err != nil {
		return err
	}
	less := func(a, b string) bool { return a < b }
	if f.has('n') {
		less = func(a, b string) bool { return leading(a) < leading(b) }
	}
	sort.SliceStable(all, func(i, j int) bool {
		if f.has('r') {
			i, j = j, i
		}
		return less(key(all[i]), key(all[j]))
	})
	for i, line := range all {
		if !f.has('u') || i == 0 || key(line) != key(all[i-1]) {
			fmt.Fprintln(c.out, line)
		}
	}
	return nil
}

// sortKey gives the part of a line that -k and -t name.
func sortKey(f flags) (func(string) string, error) {
	fold := func(s string) string { return s }
	if f.has('f') {
		fold = strings.ToLower
	}
	if !f.has('k') {
		return fold, nil
	}
	first, _, _ := strings.Cut(f['k'], ",")
	n, err := strconv.Atoi(strings.TrimRight(first, "nrb"))
	if err != nil || n < 1 {
		return nil, fmt.Errorf("-k must be a field number, got %q", f['k'])
	}
	if strings.HasSuffix(first, "n") {
		f['n'] = ""
	}
	return func(line string) string {
		fields := strings.Fields(line)
		if f.has('t') {
			fields = strings.Split(line, f['t'])
		}
		return fold(strings.Join(fields[min(n-1, len(fields)):], " "))
	}, nil
}

func leading(s string) float64 {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || s[end] == '-' && end == 0) {
		end++
	}
	v, _ := strconv.ParseFloat(s[:end], 64) // no number sorts as 0
	return v
}

func uniq(c *call) error {
	f, names, err := c.options("cdu")
	if err != nil {
		return err
	}
	last, n := "", 0
	show := func() {
		if n == 0 || f.has('d') && n < 2 || f.has('u') && n > 1 {
			return
		}
		if f.has('c') {
			fmt.Fprintf(c.out, "%7d ", n)
		}
		fmt.Fprintln(c.out, last)
	}
	err = c.lines(names, func(line string) error {
		if n > 0 && line != last {
			show()
			n = 0
		}
		last = line
		n++
		return nil
	})
	show()
	return err
}
