package main

import (
	"fmt"
	"math"
	"slices"
)

// A goal is what the median of neap, of a part of a row, must reach.
type goal struct {
	part string
	text string
	met  func(neap float64, peer func(who string) float64) bool // of peers that are absent it is not asked
	who  []string                                               // the peers that it needs, at least one
}

// atMost is a goal in the unit of the row.
func atMost(limit float64, unit string) goal {
	return goal{text: fmt.Sprintf("≤ %g %s", limit, unit), met: func(neap float64, _ func(string) float64) bool { return neap <= limit }}
}

// within is a goal in times a peer's value.
func within(ratio float64, who string) goal {
	return goal{text: fmt.Sprintf("≤ %g × %s", ratio, who), who: []string{who}, met: func(neap float64, peer func(string) float64) bool {
		return neap <= ratio*peer(who)
	}}
}

// faster is how many times less than the best of those peers it takes.
func faster(times float64, who ...string) goal {
	text := fmt.Sprintf("≥ %g × faster than %s", times, who[0])
	if len(who) > 1 {
		text = fmt.Sprintf("≥ %g × faster than the best", times)
	}
	return goal{text: text, who: who, met: func(neap float64, peer func(string) float64) bool {
		best := math.Inf(1)
		for _, w := range who {
			if v := peer(w); !math.IsNaN(v) {
				best = min(best, v)
			}
		}
		return neap*times <= best
	}}
}

// reaches is a goal where more is better.
func reaches(ratio float64, who string) goal {
	return goal{text: fmt.Sprintf("≥ %g × %s", ratio, who), who: []string{who}, met: func(neap float64, peer func(string) float64) bool {
		return neap >= ratio*peer(who)
	}}
}

// of makes a goal that of one part of a row.
func (g goal) of(part string) goal {
	g.part = part
	return g
}

// A verdict says whether a goal was met: "met", "not met", or "no peer".
type verdict struct {
	Goal   string `json:"goal"`
	Part   string `json:"part,omitempty"`
	Answer string `json:"answer"`
}

func (o *outcome) verdict(g goal) verdict {
	v := verdict{Goal: g.text, Part: g.part, Answer: "not met"}
	peer := func(who string) float64 { return o.median(who, g.part) }
	neap := o.median("neap", g.part)
	absent := func(who string) bool { return math.IsNaN(peer(who)) }
	switch {
	case math.IsNaN(neap):
		v.Answer = "not measured"
	case len(g.who) > 0 && !slices.ContainsFunc(g.who, func(w string) bool { return !absent(w) }):
		v.Answer = "no peer"
	case g.met(neap, peer):
		v.Answer = "met"
	}
	return v
}

// median is that of a series, NaN if there is none.
func (o *outcome) median(who, part string) float64 {
	for _, s := range o.series {
		if s.who == who && s.part == part {
			return quantile(s.values, 0.5)
		}
	}
	return math.NaN()
}

// quantile is the smallest value that so large a share of the values does not
// exceed.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// ratioAtMost is a goal of a part that is a ratio itself.
func ratioAtMost(limit float64) goal {
	g := atMost(limit, "")
	g.text = fmt.Sprintf("≤ %g", limit)
	return g
}
