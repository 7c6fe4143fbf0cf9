package host

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"neap/lua/bind"
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
		if len(word) < 2 || word[0] != '-' || negative(word) && u.named(word[:2]) == nil {
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

// negative says whether a word is a number below 0.
func negative(word string) bool {
	_, err := strconv.ParseFloat(word, 64)
	return err == nil
}

// flag reads one --name, --name=value, --no-name or short ones, and says how
// many words more it took.
func (h *Host) flag(ctx context.Context, u *usage, given *arguments, word string, after []string) (int, error) {
	name, value, inline := strings.Cut(word, "=")
	if a := u.named(name); a != nil {
		if a.kind == "flag" {
			yes := true
			if inline {
				var err error
				if yes, err = truth(value); err != nil {
					return 0, fmt.Errorf("%s takes no value", name)
				}
			}
			given.values[a.key()] = yes
			return 0, nil
		}
		if inline {
			return 0, h.take(ctx, given, a, value)
		}
		if len(after) == 0 {
			return 0, fmt.Errorf("%s needs a value", name)
		}
		return 1, h.take(ctx, given, a, after[0])
	}
	if positive, no := strings.CutPrefix(name, "--no-"); no && !inline {
		if a := u.named("--" + positive); a != nil && a.kind == "flag" {
			given.values[a.key()] = false
			return 0, nil
		}
	}
	if !strings.HasPrefix(word, "--") && len(word) > 2 {
		if a := u.named(word[:2]); a != nil {
			return h.shorts(ctx, u, given, a, word, after)
		}
	}
	return 0, fmt.Errorf("no option is called %s%s", name, orElse(name, u.names()))
}

// shorts reads several letters behind one dash: -vn3 is -v -n 3.
func (h *Host) shorts(ctx context.Context, u *usage, given *arguments, a *argument, word string, after []string) (int, error) {
	if a.kind != "flag" {
		return 0, h.take(ctx, given, a, word[2:])
	}
	given.values[a.key()] = true
	return h.flag(ctx, u, given, "-"+word[2:], after)
}

// take gives an option a value.
func (h *Host) take(ctx context.Context, given *arguments, a *argument, text string) error {
	for _, part := range a.parts(text) {
		v, err := h.value(ctx, a, part)
		if err != nil {
			return err
		}
		if !a.rest {
			given.values[a.key()] = v
			continue
		}
		list, _ := given.values[a.key()].([]any)
		given.values[a.key()] = append(list, v)
	}
	return nil
}

// parts are the values in one word: several, at commas, in one of a list.
func (a *argument) parts(text string) []string {
	if a.kind == "list" {
		return strings.Split(text, ",")
	}
	return []string{text}
}

// named is the option of a name, long or short.
func (u *usage) named(name string) *argument {
	for _, a := range u.all {
		if a.flag() && a.name == name || a.short != "" && "-"+strings.TrimLeft(a.short, "-") == name {
			return a
		}
	}
	return nil
}

func (u *usage) names() []string {
	names := []string{"--help"}
	for _, a := range u.all {
		if a.flag() {
			names = append(names, a.name)
		}
	}
	return names
}

// orElse is the near one of several names, as the end of a sentence.
func orElse(name string, known []string) string {
	if near := bind.Near(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

func (h *Host) positional(ctx context.Context, u *usage, given *arguments, words []string) error {
	for _, a := range u.all {
		if a.flag() || len(words) == 0 {
			continue
		}
		n := 1
		if a.rest {
			n = len(words)
		}
		for _, word := range words[:n] {
			if err := h.take(ctx, given, a, word); err != nil {
				return err
			}
		}
		words = words[n:]
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
		case a.required:
			return fmt.Errorf("%s is missing", a.name)
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
		return nil, fmt.Errorf("%s must be one of %s, not %q%s", a.name, strings.Join(a.values, ", "), text, orElse(text, a.values))
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
		if !a.required && (a.flag() || a.optional || a.rest || a.fallback != nil) {
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
		if a.required {
			notes = append(notes, "must be given")
		}
		if a.rest {
			notes = append(notes, "may be repeated")
		}
		if a.fallback != nil {
			notes = append(notes, fmt.Sprintf("default %v", a.fallback))
		}
		fmt.Fprintf(&b, "  %-20s %s (%s)\n", name, a.about, strings.Join(notes, ", "))
	}
	return b.String()
}
