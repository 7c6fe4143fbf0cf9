package terminal

import (
	"bytes"
	"strings"

	"neap/runtime/fault"
)

// Detach is the usual keys that leave a terminal to itself.
const Detach = "ctrl-p,ctrl-q"

// ParseKeys reads detach keys as Docker writes them: single characters and
// ctrl-X, with commas between.
func ParseKeys(text string) ([]byte, error) {
	var keys []byte
	for _, word := range strings.Split(text, ",") {
		key, ok := parseKey(word)
		if !ok {
			return nil, fault.New(fault.Invalid, "detach keys %q: %q is no key", text, word).
				WithHint("a key is a character or ctrl- and one of a to z @ [ \\ ] ^ _")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(word string) (byte, bool) {
	if len(word) == 1 {
		return word[0], true
	}
	name, found := strings.CutPrefix(strings.ToLower(word), "ctrl-")
	if !found || len(name) != 1 {
		return 0, false
	}
	switch c := name[0]; {
	case c >= 'a' && c <= 'z':
		return c - 'a' + 1, true
	case strings.IndexByte("@[\\]^_", c) >= 0:
		return c - '@', true
	}
	return 0, false
}

// A matcher finds a sequence of keys in what is typed.
type matcher struct {
	keys []byte
	held []byte // the beginning of the sequence, typed and not passed on
}

// pass is what of typed goes on to the program; done is true when the whole
// sequence was typed.
func (m *matcher) pass(typed []byte) (on []byte, done bool) {
	if len(m.keys) == 0 {
		return typed, false
	}
	for _, key := range typed {
		m.held = append(m.held, key)
		for !bytes.HasPrefix(m.keys, m.held) {
			on = append(on, m.held[0])
			m.held = m.held[1:]
		}
		if len(m.held) == len(m.keys) {
			return on, true
		}
	}
	return on, false
}
