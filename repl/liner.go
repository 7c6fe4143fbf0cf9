package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/peterh/liner"
	"golang.org/x/term"

	"neap/lua/cells"
)

// most is how many words Tab lists.
const most = 100

// Liner is the LineReader of a real terminal.
type Liner struct {
	state *liner.State
	keys  *keys
	pipe  *os.File          // where liner reads what keys writes
	out   io.Writer         // the terminal, for what liner does not draw
	found liner.ModeApplier // the terminal's mode before and while a statement runs
	mine  liner.ModeApplier // its mode between
	asked string            // the prompt

	mu    sync.Mutex // of folds: keys and liner use them
	folds folds

	prompting sync.Mutex
}

// Open takes the terminal at standard input over; out is the same terminal. The
// caller closes it to have the terminal back as it was.
func Open(out io.Writer) (*Liner, error) {
	found, err := liner.TerminalMode()
	if err != nil {
		return nil, err
	}
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if !liner.TerminalSupported() {
		out = io.Discard
	}
	l := &Liner{found: found, pipe: from, out: out, state: newLiner(from)}
	l.keys = &keys{from: int(os.Stdin.Fd()), to: to, paste: paste{fold: l.shut}}
	l.state.SetCtrlCAborts(true)
	l.state.SetMultiLineMode(true)
	l.state.SetBeep(false)
	if l.mine, err = liner.TerminalMode(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// newLiner makes a liner that reads keys from a file: it takes os.Stdin, and
// knows no other way to be told.
func newLiner(from *os.File) *liner.State {
	before := os.Stdin
	os.Stdin = from
	defer func() { os.Stdin = before }()
	return liner.NewLiner()
}

// Prompt reads a line. What is pasted comes as one, with its line ends.
func (l *Liner) Prompt(text string) (string, error) {
	l.prompting.Lock()
	defer l.prompting.Unlock()
	l.asked = text
	stop, err := l.keys.listen()
	if err != nil {
		return "", err
	}
	defer stop()
	if _, err := io.WriteString(l.out, pasteOn); err != nil {
		return "", err
	}
	line, err := l.state.Prompt(text)
	if errors.Is(err, liner.ErrPromptAborted) {
		err = ErrAborted
	}
	if _, wrong := io.WriteString(l.out, pasteOff); err == nil {
		err = wrong
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.folds.open(line), err
}

// shut is text as it is edited: in what the screen has room for.
func (l *Liner) shut(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	cols, rows := size()
	return l.folds.shut(text, cols*max(1, rows/2)-cells.Width(l.asked))
}

// size is that of the terminal, or what is usual.
func size() (cols, rows int) {
	cols, rows, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || cols <= 0 || rows <= 0 {
		return 80, 24
	}
	return cols, rows
}

// AppendHistory makes an entry recallable.
func (l *Liner) AppendHistory(entry string) {
	l.state.AppendHistory(l.shut(strings.TrimSpace(entry)))
}

// SetCompleter says what Tab offers. What all words begin with is completed; if
// that is nothing more, they are listed.
func (l *Liner) SetCompleter(complete func(line string, pos int) (string, []string, string)) {
	l.state.SetWordCompleter(func(line string, pos int) (string, []string, string) {
		head, words, tail := complete(strings.ReplaceAll(line, mark, "\n"), pos)
		head, tail = strings.ReplaceAll(head, "\n", mark), strings.ReplaceAll(tail, "\n", mark)
		words = slices.DeleteFunc(words, func(w string) bool { return cells.Escape(w, "") != w })
		if len(words) < 2 || len(head)+len(tail) > len(line) {
			return head, words, tail
		}
		typed := line[len(head) : len(line)-len(tail)]
		if common := commonPrefix(words); len(common) > len(typed) {
			return head, []string{common}, tail
		}
		l.list(words, line, pos)
		return head, []string{typed}, tail
	})
}

func commonPrefix(words []string) string {
	common := []rune(words[0])
	for _, w := range words[1:] {
		n := 0
		for _, r := range w {
			if n == len(common) || common[n] != r {
				break
			}
			n++
		}
		common = common[:n]
	}
	return string(common)
}

// list shows words below the line that is edited, and leaves the cursor where
// liner draws the line again: it clears as many rows as the line has.
func (l *Liner) list(words []string, line string, pos int) {
	cols, _ := size()
	rows := func(text string) int { return 1 + (cells.Width(l.asked)+cells.Width(text))/cols }
	all, at := rows(line), rows(string([]rune(line)[:pos]))
	text := cells.Columns(words[:min(len(words), most)], cols-1)
	if n := len(words) - most; n > 0 {
		text += fmt.Sprintf("… and %d more\n", n)
	}
	text = strings.Repeat("\n", all-at+1) + text + strings.Repeat("\n", all-1)
	if all > at {
		text += fmt.Sprintf("\x1b[%dA", all-at)
	}
	_, _ = io.WriteString(l.out, text) // a terminal that is gone shows at the next key
}

// Release gives the terminal back as it was found until take is called.
func (l *Liner) Release() (take func()) {
	_ = l.found.ApplyMode() // a terminal that is gone shows at the next prompt
	return func() { _ = l.mine.ApplyMode() }
}

// Close ends a prompt that waits, with io.EOF, and gives the terminal back as
// it was found.
func (l *Liner) Close() error {
	l.keys.end()
	l.prompting.Lock() // a prompt sets the terminal's mode when it ends
	defer l.prompting.Unlock()
	_, wrong := io.WriteString(l.out, pasteOff)
	return errors.Join(l.state.Close(), l.pipe.Close(), wrong)
}
