package host

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// arguments are what args returns: the values by name.
type arguments struct{ values map[string]any }

// argsClass exists for documents; the object itself is a strict table.
func argsClass() *bind.Class[*arguments] {
	return argumentsClass
}

var argumentsClass = makeArgsClass()

func makeArgsClass() *bind.Class[*arguments] {
	k := bind.NewClass[*arguments]("Arguments", "The arguments of the script, one property each, as args declared them.")
	k.Fill = func() { fillArgs(k) }
	return k
}

func fillArgs(k *bind.Class[*arguments]) {
	k.Text = func(a *arguments) string {
		var all []string
		for name, v := range a.values {
			all = append(all, fmt.Sprintf("%s = %v", name, v))
		}
		slices.Sort(all)
		return strings.Join(all, "\n")
	}
	k.Dynamic = func(a *arguments, name string) (any, bool) {
		v, ok := a.values[name]
		return v, ok
	}
	k.Members = func(a *arguments) (names []string) {
		for name := range a.values {
			names = append(names, name)
		}
		return names
	}
}

// argument is one declared argument.
type argument struct {
	name     string // as it is declared: data, --to
	short    string // -t
	kind     string
	about    string
	fallback any
	values   []string
	optional bool
	required bool // an option that must be given
	rest     bool // may be given several times: its value is a list
}

func (a *argument) flag() bool { return strings.HasPrefix(a.name, "--") }

// key is the property of the argument: dry_run for --dry-run.
func (a *argument) key() string {
	return strings.ReplaceAll(strings.TrimPrefix(a.name, "--"), "-", "_")
}

// usage is all that a script declared.
type usage struct {
	about string
	all   []*argument
}

// types are the built-in types of arguments.
func types() map[string]func(string) (any, error) {
	return map[string]func(string) (any, error){
		"string":  func(s string) (any, error) { return s, nil },
		"choice":  func(s string) (any, error) { return s, nil },
		"list":    func(s string) (any, error) { return s, nil },
		"path":    func(s string) (any, error) { return s, nil },
		"bool":    func(s string) (any, error) { return truth(s) },
		"int":     func(s string) (any, error) { return strconv.Atoi(s) },
		"integer": func(s string) (any, error) { return strconv.Atoi(s) },
		"number":  func(s string) (any, error) { return strconv.ParseFloat(s, 64) },
		"size":    func(s string) (any, error) { return bind.ParseSize(s) },
		"duration": func(s string) (any, error) {
			d, err := bind.ParseDuration(s)
			return d.Seconds(), err
		},
	}
}

// truth reads yes or no.
func truth(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fault.New(fault.Invalid, "%q is neither yes nor no", s)
}

// readArgs is args{…}: it declares, and reads what the script was given.
func (h *Host) readArgs(ctx context.Context, declaration any) (*arguments, error) {
	u, err := h.declared(declaration)
	if err != nil {
		return nil, err
	}
	r := runningOf(ctx)
	if r == nil {
		return nil, fault.New(fault.Invalid, "args: no script is running")
	}
	if r.acted != "" {
		return nil, fault.New(fault.Invalid, "args: it comes before any other call of neap, and %s came first", r.acted).
			WithHint("put args{ … } at the top: --help and completion run the script only that far")
	}
	if r.asked != nil {
		*r.asked = u.arguments()
		bind.Quit(ctx, &Exit{0})
		return nil, context.Canceled
	}
	if slices.Contains(r.args, "--help") || slices.Contains(r.args, "-h") {
		if _, err := io.WriteString(h.options.Stdout, u.help(r.name)); err != nil {
			return nil, err
		}
		bind.Quit(ctx, &Exit{0})
		return nil, context.Canceled
	}
	given, err := h.parse(ctx, u, r.args)
	if err != nil {
		why := &Usage{fmt.Sprintf("%s: %s\nusage: %s\ntry --help", r.name, err, u.line(r.name))}
		bind.Quit(ctx, why)
		return nil, why
	}
	return given, nil
}

// declared reads the declaration table, which is a map and a list at once.
func (h *Host) declared(declaration any) (*usage, error) {
	table, ok := declaration.(map[string]any)
	if list, isList := declaration.([]any); isList {
		table, ok = map[string]any{listPart: list}, true
	}
	if !ok {
		return nil, fault.New(fault.Invalid, "args takes a table: args{ about = \"…\", { \"name\" } }")
	}
	u := &usage{}
	for key, v := range table {
		text, isText := v.(string)
		if key == "about" && isText {
			u.about = text
		} else if key != listPart {
			return nil, fault.New(fault.Invalid, "args: no key is called %q; there is about, and one table for each argument", key)
		}
	}
	list, _ := table[listPart].([]any)
	for _, item := range list {
		a, err := h.argument(item)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(u.all, func(b *argument) bool { return b.key() == a.key() }) {
			return nil, fault.New(fault.Invalid, "args: %s is declared twice", a.name)
		}
		u.all = append(u.all, a)
	}
	return u, nil
}

// listPart is the key under which a mixed table keeps its list.
const listPart = ""

func (h *Host) argument(item any) (*argument, error) {
	table, ok := item.(map[string]any)
	if list, isList := item.([]any); isList {
		table, ok = map[string]any{listPart: list}, true
	}
	names, _ := table[listPart].([]any)
	if !ok || len(names) != 1 {
		return nil, fault.New(fault.Invalid, "args: each argument is a table that starts with its name: { \"--to\", type = \"path\" }")
	}
	a := &argument{}
	if a.name, ok = names[0].(string); !ok || a.name == "" {
		return nil, fault.New(fault.Invalid, "args: the name of an argument must be a string")
	}
	for key, v := range table {
		if err := a.set(key, v); err != nil {
			return nil, err
		}
	}
	a.settle()
	return a, h.knownType(a)
}

// settle fills in the type that a declaration leaves out.
func (a *argument) settle() {
	_, yesNo := a.fallback.(bool)
	switch {
	case a.kind == "list":
		a.rest = true
	case a.kind == "bool" && a.flag(), a.kind == "" && a.flag() && (yesNo || a.fallback == nil && len(a.values) == 0 && !a.required && !a.rest):
		a.kind = "flag"
	case a.kind == "" && len(a.values) > 0:
		a.kind = "choice"
	case a.kind == "" && yesNo:
		a.kind = "bool"
	case a.kind == "":
		a.kind = "string"
	}
}

func (a *argument) set(key string, v any) error {
	ok := true
	switch key {
	case listPart:
	case "default":
		a.fallback = v
	case "type":
		a.kind, ok = v.(string)
	case "about":
		a.about, ok = v.(string)
	case "short":
		a.short, ok = v.(string)
	case "optional":
		a.optional, ok = v.(bool)
	case "required":
		a.required, ok = v.(bool)
	case "rest", "repeated":
		a.rest, ok = v.(bool)
	case "values":
		var list []any
		list, ok = v.([]any)
		for _, word := range list {
			a.values = append(a.values, fmt.Sprint(word))
		}
	default:
		known := []string{"type", "default", "about", "short", "optional", "required", "rest", "repeated", "values"}
		return fault.New(fault.Invalid, "args: %s has no key %q%s; there are %s", a.name, key, orElse(key, known), strings.Join(known, ", "))
	}
	if !ok {
		return fault.New(fault.Invalid, "args: %s of %s is of the wrong type", key, a.name)
	}
	return nil
}

func (h *Host) knownType(a *argument) error {
	known := []string{"flag"}
	for name := range types() {
		known = append(known, name)
	}
	for name := range h.options.Arguments {
		known = append(known, name)
	}
	if a.kind == "choice" && len(a.values) == 0 {
		return fault.New(fault.Invalid, "args: %s needs its choices: values = { \"a\", \"b\" }", a.name)
	}
	if slices.Contains(known, a.kind) {
		return nil
	}
	slices.Sort(known)
	return fault.New(fault.Invalid, "args: %s: no type is called %q%s; there are %s", a.name, a.kind, orElse(a.kind, known), strings.Join(known, ", "))
}
