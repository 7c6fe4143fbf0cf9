package repl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	recalled = 1000     // how many entries are recalled
	crowded  = 1 << 20  // bytes from which on the file is cut to those
	longest  = 64 << 10 // bytes of an entry that is worth keeping
	listed   = 50       // how many entries :history lists
)

// history is what was typed, oldest first, and the file that keeps it: one JSON
// object a line.
type history struct {
	entries []string
	path    string // "" keeps nothing
}

// entry is a line of the file.
type entry struct {
	Time   time.Time `json:"time"`
	Source string    `json:"source"`
}

// openHistory reads the file, making its directory. What cannot be read as an
// entry is passed over. The history is never nil.
func openHistory(path string) (*history, error) {
	h := &history{}
	if path == "" {
		return h, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return h, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		h.path = path
		return h, nil
	}
	if err != nil {
		return h, err
	}
	defer f.Close()
	if err := errors.Join(h.load(f), f.Chmod(0o600)); err != nil { // another program may have made it readable
		return h, err
	}
	h.path = path
	if st, err := f.Stat(); err == nil && st.Size() > crowded {
		return h, h.shrink()
	}
	return h, nil
}

func (h *history) load(r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		var e entry
		if json.Unmarshal(line, &e) == nil && e.Source != "" {
			h.entries = append(h.entries, e.Source)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	h.entries = h.entries[max(0, len(h.entries)-recalled):]
	return nil
}

// add keeps an entry unless it is the last one again, looks like a secret, or
// is very long. After an error nothing more is kept.
func (h *history) add(src string, now time.Time) error {
	src = strings.TrimSpace(src)
	if src == "" || len(src) > longest || secret(src) {
		return nil
	}
	if n := len(h.entries); n > 0 && h.entries[n-1] == src {
		return nil
	}
	if h.entries = append(h.entries, src); h.path == "" {
		return nil
	}
	line, err := json.Marshal(entry{now.UTC(), src})
	if err == nil {
		err = appendLine(h.path, line)
	}
	if err != nil {
		h.path = ""
	}
	return err
}

// appendLine adds a whole line, so that several sessions may write to one file.
func appendLine(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// shrink leaves the recalled entries alone.
func (h *history) shrink() error {
	var b bytes.Buffer
	for _, src := range h.entries {
		line, err := json.Marshal(entry{Source: src})
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	f, err := os.CreateTemp(filepath.Dir(h.path), ".history-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// secret says whether text looks like one: a word for it and a value, a
// password in an address, a key.
func secret(text string) bool {
	return slices.ContainsFunc(secrets(), func(r *regexp.Regexp) bool { return r.MatchString(text) })
}

func secrets() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?i)(passw(or)?d|passphrase|passwd|\bpwd|\bpw|_pass\b|\bpass\b|secret|token|credentials?|(api|access|private|secret|auth)[_-]?key)\w*["'\]]*\s*[=:,]\s*\S`),
		regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._-]{8,}`),
		regexp.MustCompile(`://[^/\s"'@]+:[^/\s"'@]+@`),
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY`),
		regexp.MustCompile(`\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|xox[baprs]-[\w-]{10,}|sk-[\w-]{20,}|eyJ[\w-]{10,}\.eyJ[\w-]+)`), // known forms of keys
		regexp.MustCompile(`\blogin\s*[({]`),
	}
}

// recall lists the entries that have a text in them, oldest first.
func (s *session) recall(_ context.Context, text string) {
	var found []string
	for _, src := range s.history.entries {
		if strings.Contains(src, text) {
			found = append(found, escape(src))
		}
	}
	for _, src := range found[max(0, len(found)-listed):] {
		s.say("%s\n", src)
	}
}
