package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"neap/bindings"
	"neap/lua/bind"
)

// record is ctx in which all changes are recorded instead of made, and the plan
// that they are recorded in.
func (s *session) record(ctx context.Context) (context.Context, bindings.Plan) {
	return s.planner.Begin(ctx)
}

// rehearse runs what was asked with its changes recorded, and tells them.
func (s *session) rehearse(ctx context.Context, r request) error {
	ctx, made := s.record(ctx)
	err := s.run(ctx, r)
	if r.act == runCommand && unknowable(err) {
		// A command did all it does, and now would say what came of it.
		fmt.Fprintf(os.Stderr, "neap %s: %s\n", r.word, err)
		err = nil
	}
	s.showPlan(made)
	if r.plan == "" {
		return err
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "the plan is not whole, and was not written to %s\n", r.plan)
		return err
	}
	if err := made.Save(r.plan); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written to %s; do it with: neap apply %s\n", r.plan, r.plan)
	return nil
}

// unknowable says whether a script asked for what only the doing would tell.
func unknowable(err error) bool {
	var raised *bind.Raised
	if !errors.As(err, &raised) {
		return false
	}
	_, is := raised.Fault.Detail.(bind.Unknown)
	return is
}

// showPlan is a table on a terminal, and a line for each change elsewhere.
func (s *session) showPlan(p bindings.Plan) {
	cols, _ := s.terminal.screen()
	if cols > 0 || len(p.Changes()) == 0 {
		fmt.Fprintln(s.outlet, s.surface.PlanText(p))
		return
	}
	for _, c := range p.Changes() {
		fmt.Fprintf(s.outlet, "%d. %s\n", c.Number, c)
	}
}
