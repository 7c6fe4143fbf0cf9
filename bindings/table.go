package bindings

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"neap/lua/bind"
	"neap/runtime/container"
)

// tableOptions is what containers.table takes besides a filter.
type tableOptions struct {
	Columns []string
	Whole   bool
	Bare    bool
	Last    int
}

// column is a head and how a cell says its fact.
type column struct {
	name, head string
	cell       func(*container.Brief, bool, time.Time) string
}

func columns() []column {
	return []column{
		{"id", "CONTAINER ID", func(b *container.Brief, whole bool, _ time.Time) string {
			if whole {
				return b.ID
			}
			return container.Short(b.ID)
		}},
		{"image", "IMAGE", func(b *container.Brief, _ bool, _ time.Time) string { return b.Image }},
		{"command", "COMMAND", func(b *container.Brief, whole bool, _ time.Time) string { return commandCell(b, whole) }},
		{"created", "CREATED", func(b *container.Brief, _ bool, now time.Time) string { return createdCell(b, now) }},
		{"status", "STATUS", func(b *container.Brief, _ bool, now time.Time) string { return statusCell(b, now) }},
		{"ports", "PORTS", func(b *container.Brief, _ bool, _ time.Time) string { return portsCell(b) }},
		{"name", "NAMES", func(b *container.Brief, _ bool, _ time.Time) string { return b.Name }},
	}
}

func tableRecord() *bind.Record[tableOptions] {
	var names []string
	for _, c := range columns() {
		names = append(names, c.name)
	}
	return &bind.Record[tableOptions]{
		Name: "TableOptions", Doc: "what to show",
		New: func() tableOptions { return tableOptions{Columns: names} },
		Keys: []bind.Key[tableOptions]{
			bind.K("columns", bind.ListOf(bind.OneOf(names...)), "which columns, in this order", func(o *tableOptions) *[]string { return &o.Columns }),
			bind.K("whole", bind.Bool, "do not cut ids and commands", func(o *tableOptions) *bool { return &o.Whole }),
			bind.K("bare", bind.Bool, "leave out the heads", func(o *tableOptions) *bool { return &o.Bare }),
			bind.K("last", bind.Int, "the newest so many; all if 0", func(o *tableOptions) *int { return &o.Last }),
		},
	}
}

// table is what docker ps prints. It looks once at all, and makes no objects
// unless a filter asks for them.
func (d *doors) table(ctx context.Context, o bind.Both[tableOptions, *box]) (string, error) {
	briefs, err := d.Containers.Briefs(ctx)
	if err != nil {
		return "", err
	}
	if o.Select.Given() {
		if briefs, err = d.kept(ctx, briefs, o.Select); err != nil {
			return "", err
		}
	}
	if n := o.Options.Last; n > 0 {
		briefs = briefs[:min(n, len(briefs))]
	}
	return o.Options.text(briefs, d.Now()), nil
}

func (d *doors) kept(ctx context.Context, briefs []*container.Brief, which bind.Select[*box]) (kept []*container.Brief, err error) {
	ctx = withMoment(ctx, briefs)
	for _, b := range briefs {
		ok, err := which.Match(ctx, &box{Container: d.Containers.With(ctx, b.ID), brief: b})
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, b)
		}
	}
	return kept, nil
}

// text aligns the cells, columns at least ten wide and three apart.
func (o tableOptions) text(briefs []*container.Brief, now time.Time) string {
	var shown []column
	for _, name := range o.Columns {
		all := columns()
		shown = append(shown, all[slices.IndexFunc(all, func(c column) bool { return c.name == name })])
	}
	cells := make([]cell, 0, (len(briefs)+1)*len(shown))
	if !o.Bare {
		for _, c := range shown {
			cells = append(cells, cell{c.head, len(c.head)})
		}
	}
	for _, b := range briefs {
		for _, c := range shown {
			text := bind.Printable(c.cell(b, o.Whole, now))
			cells = append(cells, cell{text, utf8.RuneCountInString(text)})
		}
	}
	return aligned(cells, len(shown))
}

// cell is a text and how many columns of a terminal it takes.
type cell struct {
	text string
	wide int
}

func aligned(cells []cell, columns int) string {
	widths := make([]int, columns)
	for i, c := range cells {
		widths[i%columns] = max(widths[i%columns], c.wide+3, 10)
	}
	line, most := 1, 0
	for _, w := range widths {
		line, most = line+w, max(most, w)
	}
	blanks := strings.Repeat(" ", most)
	var b strings.Builder
	b.Grow(line * len(cells) / max(columns, 1))
	for i, c := range cells {
		b.WriteString(c.text)
		if i%columns < columns-1 {
			b.WriteString(blanks[:widths[i%columns]-c.wide])
		} else if i < len(cells)-1 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// createdCell is empty for one whose records are damaged.
func createdCell(b *container.Brief, now time.Time) string {
	if b.Created.IsZero() {
		return ""
	}
	return bind.Span(now.Sub(b.Created)) + " ago"
}

func commandCell(b *container.Brief, whole bool) string {
	argv := strings.Join(b.Cmd, " ")
	if len(b.Entrypoint) > 0 {
		argv = strings.Join(slices.Concat(b.Entrypoint, b.Cmd), " ")
	}
	if !whole && len(argv) > 20 && utf8.RuneCountInString(argv) > 20 {
		argv = string([]rune(argv)[:19]) + "…"
	}
	return `"` + bind.Printable(quoting.Replace(argv)) + `"`
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`)

func statusCell(b *container.Brief, now time.Time) string {
	code := "unknown"
	if !b.Unknown {
		code = fmt.Sprint(b.Code)
	}
	switch b.State {
	case container.Running:
		return "Up " + bind.Span(now.Sub(b.Since))
	case container.Paused:
		return "Up " + bind.Span(now.Sub(b.Since)) + " (Paused)"
	case container.Restarting:
		return "Restarting (" + code + ") " + since(b.Ends, now)
	case container.Exited:
		return "Exited (" + code + ") " + since(b.Ends, now)
	case container.Created:
		return "Created"
	case container.Dead:
		return "Dead"
	case container.Removing:
		return "Removal In Progress"
	default:
		return string(b.State)
	}
}

func since(t, now time.Time) string {
	if t.IsZero() {
		return "N/A"
	}
	return bind.Span(now.Sub(t)) + " ago"
}

// portsCell is the published ports, and those that are only exposed.
func publication(p container.Port) string {
	return fmt.Sprintf("%s:%d->%d/%s", p.HostIP, p.HostPort, p.ContainerPort, p.Protocol)
}

func portsCell(b *container.Brief) string {
	if !b.Living() && b.State != container.Restarting {
		return ""
	}
	var all []string
	published := map[string]bool{}
	for _, p := range b.Ports {
		inside := fmt.Sprintf("%d/%s", p.ContainerPort, p.Protocol)
		published[inside] = true
		all = append(all, publication(p))
	}
	for _, e := range b.Exposed {
		if !published[e] {
			all = append(all, e)
		}
	}
	return strings.Join(all, ", ")
}
