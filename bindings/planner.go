package bindings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"neap/lua/bind"
)

// Planner records what would be done instead of doing it.
type Planner interface {
	// Record calls do with a context in which all changes are recorded, and
	// gives what it would have changed. An error of do is returned as it is,
	// with what was recorded until then.
	Record(ctx context.Context, do func(context.Context) error) (Plan, error)

	// Open reads a plan that was saved.
	Open(ctx context.Context, path string) (Plan, error)
}

// Plan is what was recorded: changes in their order.
type Plan interface {
	Changes() []Change

	// Apply does the changes, and nothing else. It does nothing at all, and is
	// fault.Conflict, if something that they touch is not as it was when they
	// were recorded. What fails half way is fault.Partial; what was done is not
	// done again by the next Apply.
	Apply(ctx context.Context) error

	// Save writes it to a file that only its owner reads. An Apply notes there
	// how far it came.
	Save(path string) error
}

// Change is one call that was recorded.
type Change struct {
	Number  int             `json:"number"` // from 1
	Verb    string          `json:"verb"`
	Kind    string          `json:"kind"`
	Object  string          `json:"object"`            // its name then
	ID      string          `json:"id,omitempty"`      // its identity
	Options json.RawMessage `json:"options,omitempty"` // as they were given
	Reason  string          `json:"reason,omitempty"`  // the line of the script: FILE:LINE
	Size    *int64          `json:"size,omitempty"`    // bytes that it makes or frees, where that is known
	Needs   []int           `json:"needs,omitempty"`   // the changes that must be done before
	Within  int             `json:"within,omitempty"`  // the change that it happens in: of what is done while_paused
	Makes   []string        `json:"makes,omitempty"`   // what stands for what it makes, in the changes that follow
	Done    time.Time       `json:"done,omitzero"`     // when it was done
	Made    []string        `json:"made,omitempty"`    // what it made, in the order of Makes
}

// String is one line: "remove container web, 1.2MiB, for clean.lua:14".
func (c Change) String() string {
	text := c.Verb + " " + c.Kind + " " + bind.Printable(c.Object)
	if c.Size != nil {
		text += ", " + bind.FormatSize(*c.Size)
	}
	if len(c.Needs) > 0 {
		text += ", after " + strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Needs), " ", ", "), "[]")
	}
	if c.Reason != "" {
		text += ", for " + c.Reason
	}
	if !c.Done.IsZero() {
		text += ", done"
	}
	return text
}

// Planned is the error of a call whose outcome only its doing would tell: it
// was recorded.
type Planned struct {
	What  string
	Check func(check bool) error // is told whether another exit code than 0 is an error; may be nil
}

// Error says so.
func (p *Planned) Error() string { return p.What + " is only planned" }

// planned is the placeholder of a result, if err says that there is no more.
// check is whether another exit code than 0 is an error.
func planned(err error, check bool) (f *bind.Finished, is bool, wrong error) {
	var p *Planned
	if !errors.As(err, &p) {
		return nil, false, nil
	}
	if p.Check != nil {
		wrong = p.Check(check)
	}
	return bind.Planned(p.What), true, wrong
}

// A Foreseen handle may be of something that is only planned.
type Foreseen interface {
	// Foresee is fault.Unsupported for a fact that is not known before the plan
	// is applied.
	Foresee(ctx context.Context, fact string) error
}

// foresee says whether a handle knows a fact.
func foresee(ctx context.Context, handle any, fact string) error {
	if f, ok := handle.(Foreseen); ok {
		return f.Foresee(ctx, fact)
	}
	return nil
}
