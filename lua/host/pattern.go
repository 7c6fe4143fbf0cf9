package host

import (
	"bytes"
	"context"
	"errors"
)

// matcher walks a Lua pattern over a text, as Lua 5.1 does it, but stops when
// its context ends: some patterns take for ever.
type matcher struct {
	ctx      context.Context
	text     string
	pattern  string
	captures []capture
	steps    int
	depth    int
}

// capture is a part of the text; open while its end is not known, position when
// it stands for a place.
type capture struct {
	start, length int
}

const (
	open     = -1
	position = -2
)

// deepestMatch bounds recursion; checkEvery is how many steps pass between looks
// at the context.
const (
	deepestMatch = 20000
	checkEvery   = 1 << 14
	mostCaptures = 32
)

// patternError is what is wrong with a pattern; it unwinds the matcher.
type patternError struct{ error }

func (m *matcher) fail(why string) { panic(patternError{errors.New(why)}) }

// at tries to match at one place and returns where the match ends, or -1.
func (m *matcher) at(start, p int) (end int, err error) {
	defer func() {
		if r := recover(); r != nil {
			wrong, ok := r.(patternError)
			if !ok {
				panic(r)
			}
			err = wrong.error
		}
	}()
	m.captures, m.depth = m.captures[:0], 0
	return m.match(start, p), nil
}

func (m *matcher) tick() {
	if m.steps++; m.steps%checkEvery == 0 && m.ctx.Err() != nil {
		m.fail(context.Cause(m.ctx).Error())
	}
}

func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > deepestMatch {
		m.fail("pattern too complex")
	}
	defer func() { m.depth-- }()
	for p < len(m.pattern) {
		m.tick()
		switch m.pattern[p] {
		case '(':
			if p+1 < len(m.pattern) && m.pattern[p+1] == ')' {
				return m.start(s, p+2, position)
			}
			return m.start(s, p+1, open)
		case ')':
			return m.end(s, p+1)
		case '$':
			if p+1 == len(m.pattern) {
				if s == len(m.text) {
					return s
				}
				return -1
			}
		case '%':
			if end, next, done := m.special(s, p); done {
				return end
			} else if next > 0 {
				s, p = end, next
				continue
			}
		}
		end, next, done := m.single(s, p)
		if done {
			return end
		}
		s, p = end, next
	}
	return s
}

// special handles %b, %f and %1. done is a final answer, next where to go on.
func (m *matcher) special(s, p int) (end, next int, done bool) {
	if p+1 >= len(m.pattern) {
		return 0, 0, false
	}
	switch c := m.pattern[p+1]; {
	case c == 'b':
		end = m.balance(s, p+2)
		return end, p + 4, end < 0
	case c == 'f':
		return m.frontier(s, p+2)
	case c >= '0' && c <= '9':
		end = m.again(s, c)
		return end, p + 2, end < 0
	}
	return 0, 0, false
}

func (m *matcher) frontier(s, p int) (end, next int, done bool) {
	if p >= len(m.pattern) || m.pattern[p] != '[' {
		m.fail("missing '[' after '%f' in pattern")
	}
	next = m.classEnd(p)
	var before, here byte
	if s > 0 {
		before = m.text[s-1]
	}
	if s < len(m.text) {
		here = m.text[s]
	}
	if m.inSet(before, p, next-1) || !m.inSet(here, p, next-1) {
		return -1, 0, true
	}
	return s, next, false
}

// single matches one class with its repetition.
func (m *matcher) single(s, p int) (end, next int, done bool) {
	after := m.classEnd(p)
	mark := byte(0)
	if after < len(m.pattern) {
		mark = m.pattern[after]
	}
	switch mark {
	case '?':
		if m.fits(s, p, after) {
			if end := m.match(s+1, after+1); end >= 0 {
				return end, 0, true
			}
		}
		return s, after + 1, false
	case '*':
		return m.most(s, p, after), 0, true
	case '+':
		if !m.fits(s, p, after) {
			return -1, 0, true
		}
		return m.most(s+1, p, after), 0, true
	case '-':
		return m.least(s, p, after), 0, true
	}
	if !m.fits(s, p, after) {
		return -1, 0, true
	}
	return s + 1, after, false
}

func (m *matcher) most(s, p, after int) int {
	n := 0
	for m.fits(s+n, p, after) {
		m.tick()
		n++
	}
	for ; n >= 0; n-- {
		if end := m.match(s+n, after+1); end >= 0 {
			return end
		}
	}
	return -1
}

func (m *matcher) least(s, p, after int) int {
	for {
		if end := m.match(s, after+1); end >= 0 {
			return end
		}
		if !m.fits(s, p, after) {
			return -1
		}
		s++
	}
}

func (m *matcher) start(s, p, how int) int {
	if len(m.captures) >= mostCaptures {
		m.fail("too many captures")
	}
	n := len(m.captures)
	m.captures = append(m.captures, capture{s, how})
	end := m.match(s, p)
	if end < 0 {
		m.captures = m.captures[:n]
	}
	return end
}

func (m *matcher) end(s, p int) int {
	for i := len(m.captures) - 1; i >= 0; i-- {
		if m.captures[i].length != open {
			continue
		}
		m.captures[i].length = s - m.captures[i].start
		end := m.match(s, p)
		if end < 0 {
			m.captures[i].length = open
		}
		return end
	}
	m.fail("invalid pattern capture")
	return -1
}

func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pattern) {
		m.fail("unbalanced pattern")
	}
	if s >= len(m.text) || m.text[s] != m.pattern[p] {
		return -1
	}
	level := 1
	for i := s + 1; i < len(m.text); i++ {
		m.tick()
		switch m.text[i] {
		case m.pattern[p+1]:
			if level--; level == 0 {
				return i + 1
			}
		case m.pattern[p]:
			level++
		}
	}
	return -1
}

func (m *matcher) again(s int, digit byte) int {
	i := int(digit - '1')
	if i < 0 || i >= len(m.captures) || m.captures[i].length == open {
		m.fail("invalid capture index")
	}
	part := m.text[m.captures[i].start : m.captures[i].start+max(m.captures[i].length, 0)]
	if len(m.text)-s >= len(part) && m.text[s:s+len(part)] == part {
		return s + len(part)
	}
	return -1
}

func (m *matcher) classEnd(p int) int {
	c := m.pattern[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pattern) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.pattern) && m.pattern[p] == '^' {
			p++
		}
		for first := true; first || p < len(m.pattern) && m.pattern[p] != ']'; first = false {
			if p >= len(m.pattern) {
				break
			}
			if m.pattern[p] == '%' {
				p++
			}
			p++
		}
		if p >= len(m.pattern) {
			m.fail("malformed pattern (missing ']')")
		}
		return p + 1
	}
	return p
}

func (m *matcher) fits(s, p, after int) bool {
	if s >= len(m.text) {
		return false
	}
	switch c := m.text[s]; m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pattern[p+1])
	case '[':
		return m.inSet(c, p, after-1)
	default:
		return c == m.pattern[p]
	}
}

// inSet looks c up in the set from p to its closing bracket at last.
func (m *matcher) inSet(c byte, p, last int) bool {
	yes := true
	if m.pattern[p+1] == '^' {
		yes = false
		p++
	}
	for p++; p < last; p++ {
		switch {
		case m.pattern[p] == '%':
			p++
			if inClass(c, m.pattern[p]) {
				return yes
			}
		case p+2 < last && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return yes
			}
			p += 2
		case m.pattern[p] == c:
			return yes
		}
	}
	return !yes
}

func inClass(c, class byte) bool {
	in := false
	switch class | 0x20 {
	case 'a':
		in = letter(c)
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = c >= '0' && c <= '9'
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > 32 && c < 127 && !letter(c) && (c < '0' || c > '9')
	case 's':
		in = c == ' ' || c >= 9 && c <= 13
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = letter(c) || c >= '0' && c <= '9'
	case 'x':
		in = bytes.IndexByte([]byte("0123456789abcdefABCDEF"), c) >= 0
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !letter(class) {
		return class == c
	}
	if class >= 'A' && class <= 'Z' {
		return !in
	}
	return in
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
