package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/store"
)

// Apply does the changes: see bindings.Plan.
func (pl *Plan) Apply(ctx context.Context) error {
	if recordingOf(ctx) != nil { // nothing of it is done
		pl = pl.copy()
	}
	pl.applying.Lock()
	defer pl.applying.Unlock()
	left := pl.left()
	if len(left) == 0 {
		if len(pl.Changes()) == 0 {
			return nil
		}
		return fault.Wrap("apply plan", pl.path, fault.New(fault.Conflict, "it was applied").WithHint("make the plan anew"))
	}
	if err := pl.check(ctx); err != nil {
		return fault.Wrap("apply plan", pl.path, err)
	}
	w := &work{p: pl.p, plan: pl, programs: map[string]bindings.Exec{}}
	defer w.end()
	failed, err := w.all(ctx, 0)
	return pl.outcome(failed, errors.Join(err, pl.settle(ctx)))
}

// copy is the same plan, written nowhere.
func (pl *Plan) copy() *Plan {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	same := &Plan{p: pl.p, doc: pl.doc}
	same.doc.Changes, same.doc.Seen = slices.Clone(pl.doc.Changes), slices.Clone(pl.doc.Seen)
	return same
}

// left are the changes that were not done yet.
func (pl *Plan) left() (all []bindings.Change) {
	for _, c := range pl.Changes() {
		if c.Done.IsZero() {
			all = append(all, c)
		}
	}
	return all
}

// check is fault.Conflict if something is not as it was.
func (pl *Plan) check(ctx context.Context) error {
	ctx = store.Glance(ctx)
	pl.mu.Lock()
	seen := append([]Seen{}, pl.doc.Seen...)
	pl.mu.Unlock()
	var wrong []string
	for _, s := range seen {
		now, err := pl.p.now(ctx, s)
		if err != nil {
			return err
		}
		if how := s.changed(now); how != "" {
			wrong = append(wrong, how)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "nothing was done, as not all is as it was: %s", strings.Join(wrong, "; ")).WithHint("make the plan anew")
}

// outcome says, if not all was done, what was and what was not.
func (pl *Plan) outcome(failed bindings.Change, err error) error {
	if err == nil {
		return nil
	}
	batch := &fault.Batch{Failed: []fault.Failure{{Object: failed.String(), Err: err}}}
	var undone []string
	for _, c := range pl.Changes() {
		switch {
		case !c.Done.IsZero():
			batch.Done = append(batch.Done, c.String())
		case c.Number != failed.Number:
			undone = append(undone, c.Verb+" "+c.Object)
			batch.Failed = append(batch.Failed, fault.Failure{Object: c.String(), Err: fault.New(fault.Canceled, "it was not tried")})
		}
	}
	if len(batch.Done) == 0 {
		return fault.Wrap("apply plan", pl.path, err)
	}
	message := fmt.Sprintf("%d of %d done; %s", len(batch.Done), len(pl.Changes()), err)
	if len(undone) > 0 {
		message += "; not done: " + strings.Join(undone, ", ")
	}
	return &fault.Error{
		Kind: fault.Partial, Op: "apply plan", Object: pl.path, Message: message, Detail: batch,
		Hint: "applied again, the plan goes on from there",
	}
}

// work is one apply.
type work struct {
	p        *Planner
	plan     *Plan
	programs map[string]bindings.Exec // that it spawned, by what stands for them
}

// end ends what the script that was recorded would have ended with it.
func (w *work) end() {
	for _, x := range w.programs {
		_ = x.Close() // it may have ended by itself
	}
}

// all does the changes that happen within one, 0 for all others, and gives the
// one that failed.
func (w *work) all(ctx context.Context, within int) (failed bindings.Change, err error) {
	for _, c := range w.plan.left() {
		if c.Within != within {
			continue
		}
		if err := ctx.Err(); err != nil {
			return c, context.Cause(ctx)
		}
		if failed, err := w.one(ctx, c); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// one does a change, notes that it was done, and what it left.
func (w *work) one(ctx context.Context, c bindings.Change) (failed bindings.Change, err error) {
	c.Options = w.resolve(c.Options)
	c.ID = w.p.resolved(c.ID)
	if c.Verb == "while_paused" {
		return w.paused(ctx, c)
	}
	made, err := actOf(c).do(ctx, w, c)
	if err != nil {
		return c, err
	}
	return c, w.plan.done(c, made)
}

// paused does what happens within a pause.
func (w *work) paused(ctx context.Context, c bindings.Change) (failed bindings.Change, err error) {
	failed = c
	err = w.container(ctx, c).WhilePaused(ctx, func(ctx context.Context) (err error) {
		failed, err = w.all(ctx, c.Number)
		return err
	})
	if err != nil {
		return first2(failed, c), err
	}
	return c, w.plan.done(c, nil)
}

// first2 is the change that failed within another, else that one.
func first2(inner, outer bindings.Change) bindings.Change {
	if inner.Number != 0 {
		return inner
	}
	return outer
}

// resolve puts into options what was made in the place of placeholders.
func (w *work) resolve(options json.RawMessage) json.RawMessage {
	return placeholders().ReplaceAllFunc(options, func(word []byte) []byte {
		if made := w.p.resolved(string(word)); made != string(word) {
			return quoted(made)
		}
		bare := bytes.TrimPrefix(word, []byte("/"))
		if made := w.p.resolved(string(bare)); made != string(bare) {
			return append(word[:len(word)-len(bare):len(word)-len(bare)], quoted(made)...)
		}
		return word
	})
}

// quoted is a text as it stands within a JSON string.
func quoted(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil {
		return []byte(text)
	}
	return raw[1 : len(raw)-1]
}

// done notes that a change was done.
func (pl *Plan) done(c bindings.Change, made []string) error {
	for i, ref := range c.Makes {
		if i < len(made) {
			pl.p.became(ref, made[i])
		}
	}
	pl.mu.Lock()
	defer pl.mu.Unlock()
	at := &pl.doc.Changes[c.Number-1]
	at.Done, at.Made = pl.p.opt.Now().UTC(), made
	if pl.path == "" || c.Number%max(1, len(pl.doc.Changes)/100) != 0 { // of a long one not each
		return nil
	}
	return fault.Wrap("write plan", pl.path, pl.write(pl.path))
}

// settle notes how an apply left what the changes mind, so that a further one
// can tell whether it still is so.
func (pl *Plan) settle(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	pl.mu.Lock()
	defer pl.mu.Unlock()
	for i, s := range pl.doc.Seen {
		if now, err := pl.p.now(ctx, s); err == nil && s.changed(now) != "" {
			pl.doc.Seen[i] = now
		}
	}
	if pl.path == "" {
		return nil
	}
	return fault.Wrap("write plan", pl.path, pl.write(pl.path))
}

// container is the handle of what a change is of.
func (w *work) container(ctx context.Context, c bindings.Change) bindings.Container {
	return w.p.nouns.Containers.With(ctx, c.ID)
}

// take is where output goes that the script's went to.
func (w *work) take(show bool) bindings.Take {
	if !show || w.p.opt.Terminal == nil {
		return nil
	}
	return w.p.opt.Terminal.Write
}

// judged is the error of a program that ended otherwise than its script would
// have gone on with.
func judged(r engine.Result, err error, loose bool, what string) error {
	var planned *bindings.Planned
	switch {
	case errors.As(err, &planned): // the apply is recorded itself
		if planned.Check != nil {
			return planned.Check(!loose)
		}
		return nil
	case err != nil || loose || r.ExitCode == 0 && !r.Unknown:
		return err
	}
	message := fmt.Sprintf("exit code %d", r.ExitCode)
	if r.Unknown {
		message = "nobody saw its exit code"
	}
	lines := strings.Split(strings.TrimSpace(string(r.Stderr)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		message += ": " + last
	}
	return &fault.Error{Kind: fault.Failed, Op: "run", Object: what, Message: message}
}

// deed is a change of the host as its helper knows it.
func deed(c bindings.Change) bind.Deed {
	return bind.Deed{Kind: c.Kind, Verb: c.Verb, Object: c.Object, Options: c.Options}
}
