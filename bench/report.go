package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A paper is where the table goes while it is made.
type paper struct {
	io.Writer
	table string // the heading that was printed last
}

// print writes one row.
func (p *paper) print(o *outcome) {
	if o.row.table != p.table {
		p.table = o.row.table
		fmt.Fprintf(p, "\n%s\n%-46s %10s %10s %5s %9s\n", p.table, "", "median", "p99", "n", "neap is")
	}
	fmt.Fprintf(p, "%s (%s)\n", o.row.label, o.row.unit)
	for _, s := range o.series {
		name := s.who
		if s.part != "" {
			name += ": " + s.part
		}
		fmt.Fprintf(p, "    %-42s %10s %10s %5d  %s\n", name, figure(quantile(s.values, 0.5)), figure(o.row.worst(s.values)), len(s.values), o.times(s))
	}
	for _, g := range o.row.goals {
		v := o.verdict(g)
		if v.Part != "" {
			v.Part += " "
		}
		fmt.Fprintf(p, "    goal: %s%s: %s\n", v.Part, v.Goal, v.Answer)
	}
	if o.err != nil {
		fmt.Fprintf(p, "    FAILED: %s\n", strings.ReplaceAll(o.err.Error(), "\n", "\n            "))
	}
}

// worst is what one value in a hundred is not better than.
func (r *row) worst(values []float64) float64 {
	if r.rate {
		return quantile(values, 0.01)
	}
	return quantile(values, 0.99)
}

// times is what neap's median is of that of a peer.
func (o *outcome) times(s *series) string {
	ratio := o.median("neap", s.part) / quantile(s.values, 0.5)
	if s.who == "neap" || math.IsNaN(ratio) || math.IsInf(ratio, 0) {
		return ""
	}
	return "× " + figure(ratio)
}

// figure shows three digits or all before the point.
func figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	case math.Abs(v) >= 1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

// absentees tells who was left out, and why, each once.
func absentees(outcomes []*outcome) []string {
	told := map[string]bool{}
	for _, o := range outcomes {
		for who, reason := range o.absent {
			told[who+": "+reason] = true
		}
	}
	return slices.Sorted(maps.Keys(told))
}

// A record is one row in the file that a run leaves.
type record struct {
	Table  string    `json:"table"`
	Key    string    `json:"key"`
	Label  string    `json:"label"`
	Unit   string    `json:"unit"`
	Series []figures `json:"series"`
	Goals  []verdict `json:"goals"`
	Error  string    `json:"error,omitempty"`
}

type figures struct {
	Who    string    `json:"who"`
	Part   string    `json:"part,omitempty"`
	Median float64   `json:"median"`
	P99    float64   `json:"p99"`
	Values []float64 `json:"values"`
}

func (o *outcome) record() record {
	r := record{Table: o.row.table, Key: o.row.key, Label: o.row.label, Unit: o.row.unit}
	for _, s := range o.series {
		r.Series = append(r.Series, figures{s.who, s.part, quantile(s.values, 0.5), o.row.worst(s.values), s.values})
	}
	for _, g := range o.row.goals {
		r.Goals = append(r.Goals, o.verdict(g))
	}
	if o.err != nil {
		r.Error = o.err.Error()
	}
	return r
}

// save writes a run to a file of its own and gives its path.
func save(dir string, f facts, outcomes []*outcome) (string, error) {
	run := struct {
		Facts  facts    `json:"facts"`
		Absent []string `json:"absent,omitempty"`
		Rows   []record `json:"rows"`
	}{Facts: f, Absent: absentees(outcomes)}
	for _, o := range outcomes {
		run.Rows = append(run.Rows, o.record())
	}
	body, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, f.Time.UTC().Format("20060102T150405Z")+".json")
	return path, os.WriteFile(path, append(body, '\n'), 0o644)
}
