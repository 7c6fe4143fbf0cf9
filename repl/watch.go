package repl

import (
	"context"
	"fmt"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/lua/cells"
)

// A screen of its own, which leaves the other one as it is; the cursor's home;
// and what clears the rest of a line and of the screen.
const (
	screenOn  = "\x1b[?1049h\x1b[?25l"
	screenOff = "\x1b[?25h\x1b[?1049l"
	home      = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// watch shows an expression again and again, until Ctrl-C; the last picture
// stays.
func (s *session) watch(ctx context.Context, rest string) {
	every, src := interval(rest)
	if src == "" {
		s.say(":watch needs an expression\n")
		return
	}
	picture := ""
	_ = s.run(ctx, func(ctx context.Context) error { // it ends with Ctrl-C only
		_, rows := s.Size()
		if rows > 0 {
			s.say(screenOn)
			defer s.say(screenOff)
		}
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for ctx.Err() == nil {
			text, err := s.value(ctx, src)
			if ctx.Err() != nil {
				break
			}
			if err != nil {
				text = s.wrong(src, err)
			}
			picture = text
			s.draw(every, src, text)
			select {
			case <-ticks.C:
			case <-ctx.Done():
			}
		}
		return nil
	})
	s.say("%s", picture)
}

// interval reads "2s EXPRESSION"; it is two seconds if nothing else is said.
func interval(rest string) (every time.Duration, src string) {
	first, after, _ := strings.Cut(rest, " ")
	every, err := bind.ParseDuration(first)
	if err != nil || every <= 0 {
		return 2 * time.Second, rest
	}
	return max(every, 100*time.Millisecond), strings.TrimSpace(after)
}

// draw puts a picture on the screen, cut to what there is of it.
func (s *session) draw(every time.Duration, src, text string) {
	cols, rows := s.Size()
	head := fmt.Sprintf("%s  every %s: %s", s.Now().Format(time.TimeOnly), bind.FormatDuration(every), strings.Join(strings.Fields(escape(src)), " "))
	lines := append([]string{head, ""}, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	if rows == 0 {
		s.say("%s\n", strings.Join(lines, "\n"))
		return
	}
	if len(lines) > rows {
		lines = append(lines[:rows-1], fmt.Sprintf("… %d more lines", len(lines)-rows+1))
	}
	for i, line := range lines {
		lines[i] = cells.Cut(line, cols) + clearLine
	}
	s.say("%s%s%s", home, strings.Join(lines, "\n"), clearRest)
}
