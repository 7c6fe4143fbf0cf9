package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// Explain is an error for people: what is wrong, the line it comes from with
// the call that failed marked, and the way out. It ends with a newline.
func (h *Host) Explain(err error) string {
	var wrong *Usage
	var raised *bind.Raised
	switch {
	case errors.As(err, &wrong):
		return printable(wrong.Message) + "\n"
	case !errors.As(err, &raised):
		return fmt.Sprintf("error: %s\n", printable(err.Error()))
	}
	e := explanation{h: h, raised: raised, title: raised.Error(), hint: raised.Fault.Hint}
	e.see()
	var b strings.Builder
	fmt.Fprintf(&b, "error[%s]: %s\n", raised.Fault.Kind, bind.Printable(e.title))
	e.place(&b)
	if e.hint != "" {
		fmt.Fprintf(&b, "hint: %s\n", bind.Printable(e.hint))
	}
	return b.String()
}

// Marked is where in a statement from a prompt an error came from.
type Marked struct {
	Title, Hint string
	Line        int    // 0 if the place is not known
	Text        string // that line
	First, Last int    // the bytes of Text, from 1
}

// Marked finds the place of an error in the statement that was evaluated last.
// ok is false if it came from elsewhere: Explain tells of those.
func (h *Host) Marked(err error) (m Marked, ok bool) {
	var raised *bind.Raised
	if !errors.As(err, &raised) || raised.Place.File != h.typedName() && raised.Place.File != "" {
		return m, false
	}
	e := explanation{h: h, raised: raised, title: raised.Error(), hint: raised.Fault.Hint}
	e.see()
	if e.label != "" {
		e.title += ": " + e.label
	}
	m = Marked{Title: fmt.Sprintf("error[%s]: %s", raised.Fault.Kind, bind.Printable(e.title)), Hint: bind.Printable(e.hint)}
	if e.text != "" {
		m.Line, m.Text, m.First, m.Last = e.at.line, e.text, e.at.first, e.at.last
	}
	return m, true
}

// Trace is the way to the place of an error, innermost line first, through
// callbacks and required modules; "" where it is one line.
func (h *Host) Trace(err error) string {
	var raised *bind.Raised
	if !errors.As(err, &raised) || len(raised.Trace) < 2 {
		return ""
	}
	var b strings.Builder
	b.WriteString("trace:\n")
	for _, p := range raised.Trace {
		line := "  " + p.String()
		m, found := h.locate(p)
		if found {
			line = fmt.Sprintf("  %s:%d:%d", p.File, m.line, m.first)
		}
		if p.Func != "" {
			line += " in " + p.Func
		}
		if found {
			line += ": " + h.marked(p.File, m)
		}
		b.WriteString(bind.Printable(line) + "\n")
	}
	return b.String()
}

// marked is the text of a mark.
func (h *Host) marked(file string, m mark) string {
	line := h.line(file, m.line)
	if m.last == 0 || m.last > len(line) {
		return strings.TrimSpace(line[min(m.first-1, len(line)):]) + " …"
	}
	return line[m.first-1 : m.last]
}

// line is a line of a source; "" if it has none of that number.
func (h *Host) line(file string, n int) string {
	text, _ := h.source(file)
	lines := strings.Split(text.src, "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[n-1], " \t\r")
}

// explanation is an error being explained.
type explanation struct {
	h           *Host
	raised      *bind.Raised
	title, hint string
	label       string // what stands beside the marks
	at          mark   // the marked part; line 0 if the place is not known
	text        string // the line it is in; "" if there is none to show
}

// see finds the part of the source to mark, and what to write beside it.
func (e *explanation) see() {
	p := e.raised.Place
	m, found := e.h.locate(p)
	if !found {
		m = mark{line: p.Line, first: p.Column}
	}
	e.at, e.text = m, e.h.line(p.File, m.line)
	switch indent := len(e.text) - len(strings.TrimLeft(e.text, " \t")); {
	case strings.TrimSpace(e.text) == "":
		e.text = ""
		return
	case p.Column > 0:
		e.at.first = min(p.Column, len(e.text))
		e.at.last = e.at.first
	case !found:
		e.at.first, e.at.last = indent+1, len(e.text)
	case m.last == 0 || m.last > len(e.text):
		e.at.last = len(e.text)
	}
	if found {
		e.uncalled()
	}
	f := e.raised.Fault
	if head := (&fault.Error{Kind: f.Kind, Op: f.Op, Object: f.Object}).Error(); f.Op != "" && strings.HasPrefix(e.title, head+": ") {
		e.title, e.label = head, e.title[len(head)+2:]
	}
}

// uncalled says more about a call of what is no function: its name, and a near
// one.
func (e *explanation) uncalled() {
	if !strings.HasPrefix(e.title, "attempt to call a non-function object") {
		return
	}
	called := e.text[e.at.first-1 : e.at.last]
	if i := strings.IndexAny(called, `({["'`); i > 0 {
		called = strings.TrimSpace(called[:i])
	}
	e.title = called + " is not a function"
	if near := bind.Near(called, e.h.callable()); near != "" && near != called && e.hint == "" {
		e.hint = "did you mean " + near + "?"
	}
}

// callable are the global functions and modules.
func (h *Host) callable() (names []string) {
	h.st.Locked(func(L *lua.LState) {
		L.G.Global.ForEach(func(k, v lua.LValue) {
			if v.Type() == lua.LTFunction {
				names = append(names, k.String())
			}
		})
	})
	slices.Sort(names)
	return names
}

func (e *explanation) place(b *strings.Builder) {
	p := e.raised.Place
	switch {
	case p.File == "":
		return
	case e.at.line == 0:
		fmt.Fprintf(b, "  --> %s\n", bind.Printable(p.File))
		return
	case e.text == "":
		fmt.Fprintf(b, "  --> %s:%d\n", bind.Printable(p.File), e.at.line)
		return
	}
	number := fmt.Sprint(e.at.line)
	pad := strings.Repeat(" ", len(number))
	marks := blank(printable(e.text[:e.at.first-1])) + strings.Repeat("^", max(1, utf8.RuneCountInString(printable(e.text[e.at.first-1:e.at.last]))))
	if e.label != "" {
		marks += " " + bind.Printable(e.label)
	}
	fmt.Fprintf(b, "  --> %s:%d:%d\n%s |\n%s | %s\n%s | %s\n", bind.Printable(p.File), e.at.line, e.at.first, pad, number, printable(e.text), pad, marks)
}

// blank is what moves as far to the right as text does.
func blank(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text)
}

// printable is bind's, for text of several lines or with tabs.
func printable(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(line, "\t")
		for k := range parts {
			parts[k] = bind.Printable(parts[k])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}
