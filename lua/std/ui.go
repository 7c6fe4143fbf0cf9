package std

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func (e Effects) uiFuncs() []*bind.Func {
	return append(e.talk(), append(e.showing(progressClass()), bind.Func2("table", "Rows as a table: a list of lists, or of tables with names. Numbers stand to the right.",
		bind.Req("rows", bind.Any, "what to show"), bind.Options(gridRecord()), bind.Returns(bind.String, "the text"), drawTable,
	).With(`print(ui.table({ { "web", 80 }, { "db", 5432 } }, { head = { "name", "port" } }))`),
		bind.Func2("style", "A text in colours and shapes, if standard output is a terminal that wants them (NO_COLOR), else as it is.",
			bind.Req("text", bind.Text, "the text"), bind.Rest("style", bind.OneOf(styles()...), "how"), bind.Returns(bind.String, "the text"),
			func(_ context.Context, s string, how []string) (string, error) { return e.styled(s, how), nil },
		).With(`print(ui.style("failed", "red", "bold"))`))...)
}

// gridOptions is how a table looks.
type gridOptions struct {
	head, columns []string
	style         string
}

func gridRecord() *bind.Record[gridOptions] {
	return &bind.Record[gridOptions]{
		Name: "GridOptions", Doc: "how it looks", New: func() gridOptions { return gridOptions{style: "plain"} },
		Keys: []bind.Key[gridOptions]{
			bind.K("head", bind.Strings, "what stands above the columns; their names if left out", func(o *gridOptions) *[]string { return &o.head }),
			bind.K("columns", bind.Strings, "which names of the rows, in that order; all, sorted, if left out", func(o *gridOptions) *[]string { return &o.columns }),
			bind.K("style", bind.OneOf("plain", "box", "markdown", "csv", "html"), "its lines", func(o *gridOptions) *string { return &o.style }),
		},
		Hints: map[string]string{"header": "head", "format": "style"},
	}
}

func drawTable(_ context.Context, rows any, o gridOptions) (string, error) {
	list, ok := rows.([]any)
	if m, empty := rows.(map[string]any); !ok && (!empty || len(m) > 0) {
		return "", fault.New(fault.Invalid, "rows must be a list")
	}
	lines, names, err := cells(list, o.columns)
	if err != nil {
		return "", err
	}
	if o.head == nil {
		o.head = names
	}
	w := table.NewWriter()
	if len(o.head) > 0 {
		w.AppendHeader(row(o.head))
	}
	width := 0
	for _, line := range lines {
		width = max(width, len(line))
		said := make([]string, len(line))
		for i, v := range line {
			said[i] = cellText(v)
		}
		w.AppendRow(row(said))
	}
	w.SetColumnConfigs(aligned(lines, width))
	return render(w, o.style), nil
}

func row(words []string) table.Row {
	all := make(table.Row, len(words))
	for i, word := range words {
		all[i] = bind.Printable(word)
	}
	return all
}

// cells are the values of all rows, and the names of their columns if the rows
// have names.
func cells(list []any, columns []string) (lines [][]any, names []string, err error) {
	named := map[string]bool{}
	for i, item := range list {
		switch item := item.(type) {
		case []any:
			lines = append(lines, item)
		case map[string]any:
			for name := range item {
				named[name] = true
			}
		default:
			return nil, nil, fault.New(fault.Invalid, "row %d must be a table, got %v", i+1, item)
		}
	}
	if len(named) == 0 {
		return lines, nil, nil
	}
	if len(lines) > 0 {
		return nil, nil, fault.New(fault.Invalid, "some rows have names and some have none")
	}
	if names = columns; names == nil {
		names = slices.Sorted(maps.Keys(named))
	}
	for _, item := range list {
		line := make([]any, len(names))
		for i, name := range names {
			line[i] = item.(map[string]any)[name]
		}
		lines = append(lines, line)
	}
	return lines, names, nil
}

func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// aligned puts columns of numbers to the right.
func aligned(lines [][]any, width int) []table.ColumnConfig {
	all := make([]table.ColumnConfig, width)
	for i := range all {
		all[i] = table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight}
		for _, line := range lines {
			if i < len(line) && line[i] != nil {
				if _, number := line[i].(float64); !number {
					all[i].Align, all[i].AlignHeader = text.AlignLeft, text.AlignLeft
				}
			}
		}
	}
	return all
}

func render(w table.Writer, style string) string {
	switch style {
	case "markdown":
		return w.RenderMarkdown()
	case "csv":
		return w.RenderCSV()
	case "html":
		return w.RenderHTML()
	case "box":
		s := table.StyleLight
		s.Format.Header = text.FormatDefault
		w.SetStyle(s)
		return w.Render()
	}
	w.SetStyle(table.Style{
		Name: "plain", Box: table.BoxStyle{MiddleVertical: "", PaddingRight: "  "},
		Format: table.FormatOptions{Header: text.FormatUpper}, Options: table.OptionsNoBordersAndSeparators,
	})
	lines := strings.Split(w.Render(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

func styles() []string { return slices.Sorted(maps.Keys(codes())) }

func codes() map[string]text.Color {
	return map[string]text.Color{
		"bold": text.Bold, "faint": text.Faint, "italic": text.Italic, "underline": text.Underline, "reverse": text.ReverseVideo,
		"black": text.FgBlack, "red": text.FgRed, "green": text.FgGreen, "yellow": text.FgYellow,
		"blue": text.FgBlue, "magenta": text.FgMagenta, "cyan": text.FgCyan, "white": text.FgWhite,
	}
}

func (e Effects) styled(s string, how []string) string {
	if e.Colour == nil || len(how) == 0 || !e.Colour() {
		return s
	}
	words := make([]string, len(how))
	for i, name := range how {
		words[i] = strconv.Itoa(int(codes()[name]))
	}
	return "\x1b[" + strings.Join(words, ";") + "m" + s + "\x1b[0m"
}
