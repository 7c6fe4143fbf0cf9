package repl

import (
	"errors"
	"strings"

	"github.com/peterh/liner"
)

// mark stands for a line end in what liner edits, which knows single lines.
const mark = "↵"

// most is how many words Tab offers at once.
const most = 100

// Liner is the LineReader of a real terminal.
type Liner struct {
	state *liner.State
	found liner.ModeApplier // the terminal's mode before and while a statement runs
	mine  liner.ModeApplier // its mode between, nil if it has none
}

// Open takes standard input over, which must be a terminal. The caller closes
// it to have the terminal back as it was.
func Open() (*Liner, error) {
	found, err := liner.TerminalMode()
	if err != nil {
		return nil, err
	}
	l := &Liner{found: found, state: liner.NewLiner()}
	l.state.SetCtrlCAborts(true)
	l.state.SetTabCompletionStyle(liner.TabPrints)
	l.state.SetBeep(false)
	if l.mine, err = liner.TerminalMode(); err != nil {
		return nil, errors.Join(err, l.state.Close())
	}
	return l, nil
}

// Prompt reads a line.
func (l *Liner) Prompt(text string) (string, error) {
	line, err := l.state.Prompt(text)
	if errors.Is(err, liner.ErrPromptAborted) {
		return "", Aborted
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

// Close gives the terminal back as it was found.
func (l *Liner) Close() error { return l.state.Close() }
