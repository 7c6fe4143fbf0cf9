package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// parse reads the words a script was given.
func (h *Host) parse(ctx context.Context, u *usage, words []string) (*arguments, error) {
	given := &arguments{values: map[string]any{}}
	var plain []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			plain = append(plain, words[i+1:]...)
			break
		}
		if len(word) < 2 || word[0] != '-' {
			plain = append(plain, word)
			continue
		}
		used, err := h.flag(ctx, u, given, word, words[i+1:])
		if err != nil {
			return nil, err
		}
		i += used
	}
	if err := h.positional(ctx, u, given, plain); err != nil {
		return nil, err
	}
	return given, h.defaults(ctx, u, given)
}

// flag reads one --name or --name=value and says how many words more it took.
func (h *Host) flag(ctx context.Context, u *usage, given *arguments, word string, after []string) (int, error) {
	name, value, inline := strings.Cut(word, "=")
	i := slices.IndexFunc(u.all, func(a *argument) bool {
		return a.flag() && a.name == name || a.short != "" && "-"+strings.TrimLeft(a.short, "-") == name
	})
	if i < 0 {
		return 0, fmt.Errorf("no option is called %s", name)
	}
	a := u.all[i]
	if a.kind == "flag" {
		if inline && value != "true" && value != "false" {
			return 0, fmt.Errorf("%s takes no value", name)
		}
		given.values[a.key()] = value != "false"
		return 0, nil
	}
	used := 0
	if !inline {
		if len(after) == 0 {
			return 0, fmt.Errorf("%s needs a value", name)
		}
		value, used = after[0], 1
	}
	v, err := h.value(ctx, a, value)
	if err != nil {
		return 0, err
	}
	if a.rest {
		list, _ := given.values[a.key()].([]any)
		given.values[a.key()] = append(list, v)
		return used, nil
	}
	given.values[a.key()] = v
	return used, nil
}

func (h *Host) positional(ctx context.Context, u *usage, given *arguments, words []string) error {
	for _, a := range u.all {
		if a.flag() || len(words) == 0 {
			continue
		}
		take := 1
		if a.rest {
			take = len(words)
		}
		var list []any
		for _, word := range words[:take] {
			v, err := h.value(ctx, a, word)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		words = words[take:]
		given.values[a.key()] = list[0]
		if a.rest {
			given.values[a.key()] = list
		}
	}
	if len(words) > 0 {
		return fmt.Errorf("%q is one argument too many", words[0])
	}
	return nil
}

// defaults fills in what was not given.
func (h *Host) defaults(ctx context.Context, u *usage, given *arguments) error {
	for _, a := range u.all {
		if _, ok := given.values[a.key()]; ok {
			continue
		}
		text, isText := a.fallback.(string)
		switch {
		case isText:
			v, err := h.value(ctx, a, text)
			if err != nil {
				return err
			}
			given.values[a.key()] = v
		case a.fallback != nil:
			given.values[a.key()] = a.fallback
		case a.kind == "flag":
			given.values[a.key()] = false
		case a.rest:
			given.values[a.key()] = []any{}
		case a.flag() || a.optional:
			given.values[a.key()] = nil
		default:
			return fmt.Errorf("%s is missing", a.name)
		}
	}
	return nil
}

func (h *Host) value(ctx context.Context, a *argument, text string) (any, error) {
	if len(a.values) > 0 && !slices.Contains(a.values, text) {
		return nil, fmt.Errorf("%s must be one of %s, not %q", a.name, strings.Join(a.values, ", "), text)
	}
	if resolve, ok := h.options.Arguments[a.kind]; ok {
		v, err := resolve(ctx, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		return v, nil
	}
	v, err := types()[a.kind](text)
	if err != nil {
		return nil, fmt.Errorf("%s must be %s %s, not %q", a.name, article(a.kind), a.kind, text)
	}
	return v, nil
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an"
	}
	return "a"
}

// line is the usage in one line.
func (u *usage) line(script string) string {
	words := []string{script}
	for _, a := range u.all {
		word := a.name
		if a.flag() && a.kind != "flag" {
			word += " " + a.kind
		}
		if a.rest {
			word += "…"
		}
		if a.flag() || a.optional || a.rest || a.fallback != nil {
			word = "[" + word + "]"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// help is what --help prints.
func (u *usage) help(script string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n", u.line(script))
	if u.about != "" {
		fmt.Fprintf(&b, "%s\n", u.about)
	}
	if len(u.all) > 0 {
		b.WriteString("\n")
	}
	for _, a := range u.all {
		name := a.name
		if a.short != "" {
			name += ", -" + strings.TrimLeft(a.short, "-")
		}
		notes := []string{a.kind}
		if len(a.values) > 0 {
			notes = []string{strings.Join(a.values, "|")}
		}
		if a.fallback != nil {
			notes = append(notes, fmt.Sprintf("default %v", a.fallback))
		}
		fmt.Fprintf(&b, "  %-20s %s (%s)\n", name, a.about, strings.Join(notes, ", "))
	}
	return b.String()
}
