package bind

import (
	"context"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Card is an object with its facts, one a line, as a prompt shows it; those
// that are nothing or false are left out. ok is false for what is no object, or
// one of a class that says all in its text. It reads the facts, without the Lua
// lock.
func (st *State) Card(ctx context.Context, v lua.LValue) (text string, ok bool) {
	st.mu.Lock()
	known := st.classOf(v)
	now := st.now()
	st.mu.Unlock()
	if known == nil {
		return "", false
	}
	return known.class.card(ctx, v, now)
}

// card is the class's part of Card: classes that lists show in columns have
// one.
func (k *Class[S]) card(ctx context.Context, v lua.LValue, now time.Time) (string, bool) {
	s, ok := it[S](v)
	if !ok || k.Find == nil && len(k.Columns) == 0 {
		return "", false
	}
	width := 0
	for _, f := range k.Fields {
		width = max(width, len(f.Name))
	}
	lines := []string{k.Name + " " + printable(k.text(s))}
	for i, value := range k.row(ctx, s, k.Fields, now) {
		if value != "" && value != "false" {
			lines = append(lines, fmt.Sprintf("  %-*s  %s", width, k.Fields[i].Name, value))
		}
	}
	return strings.Join(lines, "\n"), true
}

// FinishedOf is the program that a Result object of Lua tells of.
func FinishedOf(v lua.LValue) (*Finished, bool) { return it[*Finished](v) }
