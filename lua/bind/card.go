package bind

import (
	"context"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/cells"
)

// Card is an object with its facts, as a prompt of width columns shows it, 0 for
// any; those that are nothing or false are left out. ok is false for what is no
// object, or one of a class that says all in its text. It reads the facts,
// without the Lua lock.
func (st *State) Card(ctx context.Context, v lua.LValue, width int) (text string, ok bool) {
	st.mu.Lock()
	known := st.classOf(v)
	now := st.now()
	st.mu.Unlock()
	if known == nil {
		return "", false
	}
	return known.class.card(ctx, v, now, width)
}

// card is the class's part of Card: classes that lists show in columns have
// one.
func (k *Class[S]) card(ctx context.Context, v lua.LValue, now time.Time, width int) (string, bool) {
	s, ok := it[S](v)
	if !ok || k.Find == nil && len(k.Columns) == 0 {
		return "", false
	}
	label := 0
	for _, f := range k.Fields {
		label = max(label, len(f.Name))
	}
	indent := strings.Repeat(" ", 2+label+gap)
	room := max(width-len(indent), narrowed)
	if width == 0 {
		room = -1
	}
	lines := []string{k.Name + " " + printable(k.text(s))}
	for _, f := range k.Fields {
		parts := k.parts(ctx, s, f, now)
		if text := strings.Join(parts, ", "); text == "" || text == "false" {
			continue
		}
		value := strings.Join(laid(parts, room), "\n"+indent)
		lines = append(lines, fmt.Sprintf("  %-*s%s", label+gap, f.Name, value))
	}
	return strings.Join(lines, "\n"), true
}

// laid are the parts of a fact on one line if there is room, else below one
// another. Without a width there always is.
func laid(parts []string, width int) (lines []string) {
	text := strings.Join(parts, ", ")
	if width < 0 || cells.Width(text) <= width {
		return []string{text}
	}
	for _, p := range parts {
		lines = append(lines, cells.Wrap(p, width)...)
	}
	return lines
}

// FinishedOf is the program that a Result object of Lua tells of.
func FinishedOf(v lua.LValue) (*Finished, bool) { return it[*Finished](v) }
