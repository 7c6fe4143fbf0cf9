package repl

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/peterh/liner"
)

// mark stands for a line end in what liner edits, which knows single lines.
const mark = "↵"

// most is how many words Tab offers at once.
const most = 100

// Liner is the LineReader of a real terminal.
type Liner struct {
	state *liner.State
	keys  *keys
	pipe  *os.File          // where liner reads what keys writes
	out   io.Writer         // told whether pastes are to be marked
	found liner.ModeApplier // the terminal's mode before and while a statement runs
	mine  liner.ModeApplier // its mode between

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
	l := &Liner{found: found, keys: &keys{from: int(os.Stdin.Fd()), to: to}, pipe: from, out: out, state: newLiner(from)}
	l.state.SetCtrlCAborts(true)
	l.state.SetTabCompletionStyle(liner.TabPrints)
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
	return strings.ReplaceAll(line, mark, "\n"), err
}

// AppendHistory makes an entry recallable.
func (l *Liner) AppendHistory(entry string) {
	l.state.AppendHistory(strings.ReplaceAll(strings.TrimSpace(entry), "\n", mark))
}

// SetCompleter says what Tab offers.
func (l *Liner) SetCompleter(complete func(line string, pos int) (string, []string, string)) {
	l.state.SetWordCompleter(func(line string, pos int) (string, []string, string) {
		head, words, tail := complete(line, pos)
		return head, words[:min(len(words), most)], tail
	})
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
