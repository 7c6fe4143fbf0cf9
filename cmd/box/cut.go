package main

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A stretch is a range of positions from 1 on, both ends included.
type stretch struct{ from, to int }

func cut(c *call) error {
	f, names, err := c.options("d:f:c:b:s")
	if err != nil {
		return err
	}
	which, fields := f.or('c', f['b']), f.has('f')
	if fields {
		which = f['f']
	}
	list, err := stretches(which)
	if err != nil {
		return err
	}
	sep := f.or('d', "\t")
	return c.lines(names, func(line string) error {
		switch {
		case !fields:
			fmt.Fprintln(c.out, strings.Join(chosen(strings.Split(line, ""), list), ""))
		case strings.Contains(line, sep):
			fmt.Fprintln(c.out, strings.Join(chosen(strings.Split(line, sep), list), sep))
		case !f.has('s'):
			fmt.Fprintln(c.out, line)
		}
		return nil
	})
}

func stretches(text string) ([]stretch, error) {
	var list []stretch
	for part := range strings.SplitSeq(text, ",") {
		a, b, isRange := strings.Cut(part, "-")
		s := stretch{1, 1 << 30}
		var e1, e2 error
		if a != "" {
			s.from, e1 = strconv.Atoi(a)
		}
		if b != "" {
			s.to, e2 = strconv.Atoi(b)
		}
		if !isRange {
			s.to = s.from
		}
		if e1 != nil || e2 != nil || part == "" || part == "-" || s.from < 1 {
			return nil, fmt.Errorf("%q is no list of positions; write 1,3-5,7-", text)
		}
		list = append(list, s)
	}
	return list, nil
}

func chosen(parts []string, list []stretch) []string {
	var out []string
	for i, part := range parts {
		for _, s := range list {
			if i+1 >= s.from && i+1 <= s.to {
				out = append(out, part)
				break
			}
		}
	}
	return out
}

func tr(c *call) error {
	f, sets, err := c.options("+dsc")
	if err != nil || len(sets) == 0 || len(sets) < 2 && !f.has('d') && !f.has('s') {
		return errors.Join(err, c.usage("[-dsc] SET1 [SET2]"))
	}
	from := set(sets[0])
	var to []rune
	if len(sets) > 1 && !f.has('d') {
		to = set(sets[1])
	}
	in, last := bufio.NewReader(c.in), rune(-1)
	for {
		r, _, err := in.ReadRune()
		if err != nil {
			return ignoreEnd(err)
		}
		out, keep := translate(r, from, to, f)
		if keep && !(f.has('s') && out == last) {
			c.out.WriteRune(out)
		}
		if last = -1; f.has('s') && out != r || strings.ContainsRune(string(from), r) != f.has('c') {
			last = out
		}
	}
}

// translate gives what one character becomes, and false where it is deleted.
func translate(r rune, from, to []rune, f flags) (rune, bool) {
	at := strings.IndexRune(string(from), r)
	hit := (at >= 0) != f.has('c')
	switch {
	case !hit:
		return r, true
	case f.has('d'):
		return r, false
	case len(to) == 0:
		return r, true
	case f.has('c'):
		return to[len(to)-1], true
	}
	n := len([]rune(string(from)[:at]))
	return to[min(n, len(to)-1)], true
}

// set spells out a set of tr: a-z, [:upper:], \n.
func set(text string) []rune {
	classes := strings.NewReplacer("[:upper:]", "A-Z", "[:lower:]", "a-z", "[:digit:]", "0-9", "[:alpha:]", "A-Za-z", "[:alnum:]", "A-Za-z0-9",
		"[:space:]", " \t\n\r\v\f", "[:blank:]", " \t", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00", `\\`, `\`)
	in := []rune(classes.Replace(text))
	var out []rune
	for i := 0; i < len(in); i++ {
		out = append(out, in[i])
		if i+2 < len(in) && in[i+1] == '-' && in[i+2] >= in[i] {
			for r := in[i] + 1; r <= in[i+2]; r++ {
				out = append(out, r)
			}
			i += 2
		}
	}
	return out
}
