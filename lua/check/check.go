// Package check finds mistakes in scripts without running them: words that the
// declarations do not know, options of a wrong type, calls that lack something.
//
// It knows gopher-lua's parser and the plain data of bind. It guesses the types
// of values only where there is no doubt, and says nothing where there is: a
// false alarm is worse than a mistake that the first run shows.
package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/bind"
)

// Finding is one mistake and where it is: a line and a column in bytes, from 1,
// and how many bytes there are wrong. Line is 0 where the place is the end.
type Finding struct {
	File                string
	Line, Column, Width int
	Message             string
	Text                string // the line
}

// String is the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Surface is what scripts may use.
type Surface struct {
	Modules []*bind.Module
	Classes []bind.ClassDoc
	Globals map[string][]string // the other globals; of a library also the names in it
}

// Source looks for mistakes in a script and lists them in their order.
func Source(name, src string, s Surface) []Finding {
	text := newText(name, src)
	chunk, err := parse.Parse(strings.NewReader(text.code), name)
	if err != nil {
		return []Finding{text.syntax(err)}
	}
	r := newReader(text, s)
	if !r.note(chunk) {
		return []Finding{text.finding(1, 1, 0, "syntax error: too much inside one another")}
	}
	r.enter()
	r.block(chunk)
	r.leave()
	r.settle()
	if _, err := lua.Compile(chunk, name); err != nil {
		r.found = append(r.found, text.syntax(err))
	}
	slices.SortStableFunc(r.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(r.found)
}

// syntax is an error of the parser as a finding.
func (t *text) syntax(err error) Finding {
	var wrong *parse.Error
	var late *lua.CompileError
	last := len(t.lines)
	switch {
	case errors.As(err, &late):
		return t.finding(late.Line, 1, 0, "syntax error: "+late.Message)
	case !errors.As(err, &wrong):
		return t.finding(last, 1, 0, err.Error())
	case strings.HasPrefix(wrong.Message, "unterminated"):
		return t.finding(last, 1, 0, "syntax error: "+wrong.Message)
	case wrong.Pos.Line == parse.EOF:
		return t.finding(last, 1, 0, "syntax error: the script ends in the middle of a statement")
	}
	return t.finding(wrong.Pos.Line, max(wrong.Pos.Column, 1), len(wrong.Token), fmt.Sprintf("syntax error near %q", wrong.Token))
}
