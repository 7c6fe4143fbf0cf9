package terminal

import "testing"

func TestKeysAreFoundHoweverTheyCome(t *testing.T) {
	for _, c := range []struct {
		typed []string
		on    string
		done  bool
	}{
		{[]string{"ab"}, "ab", false},
		{[]string{"a\x10\x11b"}, "a", true},
		{[]string{"a\x10", "\x11"}, "a", true},
		{[]string{"\x10", "x\x10"}, "\x10x", false},
		{[]string{"\x10\x10\x11"}, "\x10", true},
	} {
		m := &matcher{keys: []byte("\x10\x11")}
		var on string
		var done bool
		for _, typed := range c.typed {
			passed, found := m.pass([]byte(typed))
			on, done = on+string(passed), found
		}
		if on != c.on || done != c.done {
			t.Errorf("%q: %q %v", c.typed, on, done)
		}
	}
}
