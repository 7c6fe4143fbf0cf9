package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// A row is one line of the goals: what is done, by whom, and what neap must
// reach.
type row struct {
	table, key, label string
	unit              string // of its values; milliseconds if it is empty
	effort            effort
	rate              bool // more is better
	wired             bool // it needs the default network, and that needs iptables
	lanes             []lane
	goals             []goal
}

// effort is how many rounds a row gets.
type effort int

const (
	light  effort = iota // all of them
	heavy                // three, unless all was asked for
	single               // one
	long                 // one, if all was asked for
)

// A lane is one of those who do what a row says. The lanes of a row take turns
// round by round, as the machine is not equally fast at all times.
type lane struct {
	who  string
	open func(*scope) (turn, error) // its preparation; absence if it cannot take part
}

// A turn is one round: what was measured, by name of the part.
type turn func() ([]sample, error)

type sample struct {
	part  string // empty if there is only one
	value float64
}

// one makes a turn of an act that gives one number.
func one(act func() (float64, error)) turn {
	return func() ([]sample, error) {
		value, err := act()
		return []sample{{"", value}}, err
	}
}

// A scope is what the lanes of one row make, and how it goes away.
type scope struct {
	*yard
	neap *neap // whose turn it is, where there are two
	undo []func() error
}

func (s *scope) after(f func() error) { s.undo = append(s.undo, f) }

func (s *scope) close() error {
	var errs []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		errs = append(errs, s.undo[i]())
	}
	return errors.Join(errs...)
}

// A series is the values of one part of one lane.
type series struct {
	who, part string
	values    []float64
}

// An outcome is what came of a row.
type outcome struct {
	row    *row
	series []*series
	absent map[string]string // who, and why
	err    error
}

func (o *outcome) add(who string, samples []sample) {
	for _, s := range samples {
		o.of(who, s.part).values = append(o.of(who, s.part).values, s.value)
	}
}

// of finds a series, or begins it.
func (o *outcome) of(who, part string) *series {
	for _, s := range o.series {
		if s.who == who && s.part == part {
			return s
		}
	}
	o.series = append(o.series, &series{who: who, part: part})
	return o.series[len(o.series)-1]
}

// A contest is one lane that takes part.
type contest struct {
	who  string
	turn turn
}

// play runs a row: each lane once without counting, then all of them round by
// round.
func (y *yard) play(ctx context.Context, r *row) *outcome {
	o := &outcome{row: r, absent: map[string]string{}}
	s := &scope{yard: y, neap: y.neaps[0].neap}
	var contests []contest
	for _, l := range r.lanes {
		c, err := s.enter(r, l)
		var why absence
		switch {
		case errors.As(err, &why):
			o.absent[l.who] = err.Error()
		case err != nil:
			o.err = errors.Join(o.err, fmt.Errorf("%s: %w", l.who, err))
		default:
			contests = append(contests, c)
		}
	}
	o.err = errors.Join(o.err, rounds(ctx, o, contests, y.rounds(r)), s.close())
	o.arrange()
	return o
}

// arrange puts the series in the order of the lanes.
func (o *outcome) arrange() {
	place := func(s *series) int {
		return slices.IndexFunc(o.row.lanes, func(l lane) bool { return l.who == s.who })
	}
	slices.SortStableFunc(o.series, func(a, b *series) int { return place(a) - place(b) })
}

func (s *scope) enter(r *row, l lane) (contest, error) {
	if _, err := find("iptables-save"); err != nil && r.wired {
		return contest{}, err
	}
	t, err := l.open(s)
	return contest{l.who, t}, err
}

// few is how many rounds have none before them that does not count.
const few = 3

// rounds plays n rounds, after one that is not counted unless they are few. Who
// fails is out.
func rounds(ctx context.Context, o *outcome, contests []contest, n int) error {
	var errs []error
	mix := rand.New(rand.NewPCG(1, 2)) // nobody always follows the same one, and each run is in the same order
	first := -1
	if n <= few {
		first = 0
	}
	for round := first; round < n && len(contests) > 0; round++ {
		mix.Shuffle(len(contests), func(i, j int) { contests[i], contests[j] = contests[j], contests[i] })
		var still []contest
		for _, c := range contests {
			if ctx.Err() != nil {
				return errors.Join(append(errs, ctx.Err())...)
			}
			samples, err := c.turn()
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", c.who, err))
				continue
			}
			still = append(still, c)
			if round >= 0 {
				o.add(c.who, samples)
			}
		}
		contests = still
	}
	return errors.Join(errs...)
}
