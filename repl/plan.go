package repl

import "context"

// Rehearsal is a plan that statements write instead of changing anything.
type Rehearsal interface {
	Record(ctx context.Context) context.Context // in which changes are recorded
	Changes() []string                          // a line each
	Table() string
	Apply(ctx context.Context) error // makes the changes
}

// plan is :plan, and what may follow it.
func (s *session) plan(ctx context.Context, word string) {
	switch {
	case s.Rehearse == nil:
		s.say("nothing can be planned here\n")
	case word == "on" && s.planned == nil:
		s.planned = s.Rehearse()
		s.say("changes are recorded, not made: :plan shows them, :plan apply makes them, :plan off forgets them\n")
	case word == "on":
		s.say("changes are recorded already\n")
	case word != "" && word != "off" && word != "apply":
		s.say(":plan is on, off, apply, or shows what is planned\n")
	case s.planned == nil:
		s.say("no changes are recorded; :plan on begins\n")
	case word == "":
		s.say("%s\n", escape(s.planned.Table()))
	case word == "off":
		if n := len(s.planned.Changes()); n > 0 {
			s.say("changes that are not made: %d\n", n)
		}
		s.planned = nil
	default:
		plan := s.planned
		s.planned = nil
		s.outcome("", s.run(ctx, plan.Apply))
	}
}

// record is ctx as statements have it: their changes are recorded while a plan
// is on. tell says what was.
func (s *session) record(ctx context.Context) (recorded context.Context, tell func()) {
	plan := s.planned
	if plan == nil {
		return ctx, func() {}
	}
	before := len(plan.Changes())
	return plan.Record(ctx), func() {
		for _, change := range plan.Changes()[before:] {
			s.say("planned: %s\n", escape(change))
		}
	}
}
