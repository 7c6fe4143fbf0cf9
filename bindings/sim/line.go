package sim

import (
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// command is one step of what a program does.
type command struct {
	words []string
	err   bool   // what it prints goes to the error stream
	into  string // or into this file; "" if into none
	more  bool   // added to what the file has
	after string // what stands before it: "", "&&" or "||"
}

// read turns an argv into the steps of it that are known here: the plain
// programs of the built-in image, and lines of sh that are made of them. ok is
// false if it is something else.
func read(argv []string) (line []command, ok bool) {
	name := path.Base(argv[0])
	switch {
	case (name == "sh" || name == "ash" || name == "bash") && len(argv) == 3 && argv[1] == "-c":
		return parse(argv[2])
	case (name == "sh" || name == "ash" || name == "bash") && len(argv) == 1:
		return []command{{words: []string{"cat"}}}, true // it reads what to do
	case name == "box" && len(argv) > 1:
		return read(argv[1:])
	case known(name, argv[1:]):
		return []command{{words: append([]string{name}, argv[1:]...)}}, true
	}
	return nil, false
}

// known says whether a program does here what it does for real.
func known(name string, args []string) bool {
	switch name {
	case "true", "false", "echo", "touch", "exit", ":", "cat":
		return true
	case "sleep":
		_, ok := span(args)
		return ok
	case "httpd":
		return true
	}
	return false
}

// span reads the arguments of sleep, or of exit as a number of seconds.
func span(args []string) (time.Duration, bool) {
	var all time.Duration
	for _, a := range args {
		if a == "inf" || a == "infinity" {
			return forever, true
		}
		n, err := strconv.ParseFloat(strings.TrimRight(a, "smhd"), 64)
		unit := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
		of, fits := unit[strings.TrimLeft(a, "0123456789.")]
		if err != nil || !fits || n < 0 {
			return 0, false
		}
		all += time.Duration(n * float64(of))
	}
	return all, len(args) > 0
}

// forever is a time that does not come.
const forever = 1<<63 - 1

// parse reads a line of sh whose commands are known and joined by ; && || or
// line ends. ok is false where there is more to it.
func parse(text string) (line []command, ok bool) {
	words, ok := split(text)
	if !ok {
		return nil, false
	}
	c := command{}
	finish := func() bool {
		if len(c.words) == 0 {
			return c.after == ""
		}
		if c.words[0] == "exec" && len(c.words) > 1 {
			c.words = c.words[1:]
		}
		if !known(path.Base(c.words[0]), c.words[1:]) {
			return false
		}
		c.words[0] = path.Base(c.words[0])
		line = append(line, c)
		return true
	}
	for i := 0; i < len(words); i++ {
		switch w := words[i]; w {
		case "\x00;", "\x00&&", "\x00||":
			if !finish() {
				return nil, false
			}
			c = command{after: strings.TrimPrefix(w[1:], ";")}
		case "\x00>&2", "\x001>&2":
			c.err = true
		case "\x00>", "\x00>>":
			if i++; i == len(words) {
				return nil, false
			}
			c.into, c.more = words[i], w == "\x00>>"
		default:
			c.words = append(c.words, w)
		}
	}
	return line, finish() && len(line) > 0
}

// split parts a line into words and, behind a zero byte, operators. ok is false
// if it has anything that a shell would expand or that is not known here.
func split(text string) (words []string, ok bool) {
	var word strings.Builder
	open := false
	end := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if op := operator(text[i:]); op != "" && (!open || r != '1') {
			end()
			words = append(words, "\x00"+strings.ReplaceAll(op, "\n", ";"))
			i += len(op)
			continue
		}
		switch {
		case r == ' ' || r == '\t':
			end()
		case r == '\'' || r == '"':
			inner, rest, found := strings.Cut(text[i+1:], string(r))
			if !found || r == '"' && strings.ContainsAny(inner, "$`\\") {
				return nil, false
			}
			word.WriteString(inner)
			open = true
			i = len(text) - len(rest)
			continue
		case strings.ContainsRune("$`\\<(){}*?[]#~&|!=", r):
			return nil, false
		default:
			word.WriteRune(r)
			open = true
		}
		i += size
	}
	end()
	return words, true
}

func operator(text string) string {
	for _, op := range []string{"&&", "||", ">&2", "1>&2", ">>", ">", ";", "\n"} {
		if strings.HasPrefix(text, op) {
			return op
		}
	}
	return ""
}
