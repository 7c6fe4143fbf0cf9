package repl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"neap/lua/host"
)

// save writes the statements that worked as a script.
func (s *session) save(ctx context.Context, file string) {
	switch {
	case file == "":
		s.say(":save needs a file\n")
		return
	case len(s.done) == 0:
		s.say("there is nothing to save yet\n")
		return
	}
	err := s.run(ctx, func(ctx context.Context) error { return s.write(ctx, file) })
	if err == nil {
		s.say("%d statements are in %s\n", len(s.done), escape(file))
	}
	s.outcome("", err)
}

// write makes the file, and asks if there is one.
func (s *session) write(ctx context.Context, file string) error {
	text := []byte(asScript(s.done, s.Now()))
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if errors.Is(err, fs.ErrExist) {
		yes, err := s.ask(ctx, "it exists; write over it? [y/N] ")
		if err != nil {
			return err
		}
		if !yes {
			return errDeclined
		}
		return os.WriteFile(file, text, 0o700)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// asScript is what was typed as a script: what the prompt showed is printed, and
// what it kept in _ is kept.
func asScript(statements []string, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/usr/bin/env neap\n-- Typed at the prompt of neap, %s.\n\n", now.UTC().Format(time.DateOnly))
	for i, src := range statements {
		used := i+1 < len(statements) && lastValue().MatchString(statements[i+1])
		b.WriteString(asStatement(src, used) + "\n")
	}
	return b.String()
}

func lastValue() *regexp.Regexp { return regexp.MustCompile(`(^|[^\w.:])_($|\W)`) }

// asStatement is what was typed as a statement of a script; kept says that the
// next one uses its value.
func asStatement(src string, kept bool) string {
	end := ""
	if strings.Contains(src, "--") {
		end = "\n" // a comment goes on to the end of its line
	}
	switch {
	case kept && host.IsExpression(src) && host.IsStatement(src):
		return "_ = " + src
	case kept && host.IsExpression(src):
		return "_ = " + src + "\nprint(_)"
	case host.IsStatement(src):
		return src
	}
	return "print(" + src + end + ")"
}

// edit lets the user change a file, or the last statement and run it.
func (s *session) edit(ctx context.Context, file string) {
	switch {
	case s.Edit == nil:
		s.say("there is no editor here\nhint: set EDITOR to one\n")
		return
	case file != "":
		s.outcome("", s.run(ctx, func(ctx context.Context) error { return s.Edit(ctx, file) }))
		return
	}
	var src string
	err := s.run(ctx, func(ctx context.Context) (err error) {
		src, err = s.edited(ctx, s.last)
		return err
	})
	if src = strings.TrimSpace(src); err != nil || src == "" || src == s.last {
		s.outcome("", err)
		return
	}
	s.say("%s\n", escape(src))
	s.remember(src)
	s.evaluate(ctx, src)
}

// edited is a text after the user changed it.
func (s *session) edited(ctx context.Context, text string) (string, error) {
	f, err := os.CreateTemp("", "neap-*.lua")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if err := s.Edit(ctx, f.Name()); err != nil {
		return "", err
	}
	b, err := os.ReadFile(f.Name())
	return string(b), err
}
