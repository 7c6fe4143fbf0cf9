package plan

import (
	"context"
	"strings"
	"time"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// execOptions is what exec was asked.
type execOptions struct {
	Spec  engine.ExecSpec `json:"spec"`
	Show  bool            `json:"show,omitzero"`  // its output goes where the script's goes
	Loose bool            `json:"loose,omitzero"` // any exit code will do
}

func (r *recording) exec(ctx context.Context, c *box, s engine.ExecSpec, show bool) error {
	n, err := r.do(ctx, c, change{
		verb: "exec", options: execOptions{Spec: s, Show: show}, show: func(*shadow) error { return nil },
	})
	if err != nil {
		return err
	}
	return r.outcome(strings.Join(s.Argv, " "), n, func(loose bool) any { return execOptions{Spec: s, Show: show, Loose: loose} })
}

// spawn records a program that goes on beside what follows.
func (r *recording) spawn(ctx context.Context, c *box, s engine.ExecSpec) (bindings.Exec, error) {
	x := &program{r: r, ctx: ctx, ref: r.p.placeholder(), what: strings.Join(s.Argv, " "), in: c.id}
	n, err := r.do(ctx, c, change{verb: "spawn", move: "exec", options: s, show: func(*shadow) error { return nil }})
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plan.makes(n, x.ref)
	r.last[thing{"program", x.ref}] = n
	return x, nil
}

// program is one that was only planned to be spawned.
type program struct {
	r         *recording
	ctx       context.Context // of the spawn, for calls that have none
	ref, what string
	in        string // the container
}

// Foresee knows nothing of it.
func (x *program) Foresee(_ context.Context, fact string) error { return bind.NotYet(fact, x.what) }

func (x *program) Pid() int { return 0 }

func (x *program) Read(context.Context, time.Duration) (string, bool, error) {
	return "", false, bind.NotYet("output", x.what)
}

type (
	writeOptions struct {
		Text string `json:"text"`
	}
	waitOptions struct {
		Timeout time.Duration `json:"timeout,omitzero"`
	}
)

func (x *program) Write(text string) error {
	return x.note(x.ctx, "write", writeOptions{text})
}

func (x *program) CloseInput() error { return x.note(x.ctx, "close", nil) }

func (x *program) Kill(ctx context.Context, signal string) error {
	if _, err := engine.Signal(first(signal, "KILL")); err != nil {
		return err
	}
	return x.note(ctx, "kill", killOptions{signal})
}

func (x *program) Wait(ctx context.Context, timeout time.Duration) (engine.Result, error) {
	if err := x.note(ctx, "wait", waitOptions{timeout}); err != nil {
		return engine.Result{}, err
	}
	return engine.Result{}, &bindings.Planned{What: x.what}
}

// Close is the end of its scope: an apply ends it with its own.
func (x *program) Close() error { return nil }

func (x *program) note(ctx context.Context, verb string, options any) error {
	x.r.mu.Lock()
	defer x.r.mu.Unlock()
	if s := x.r.containers[x.in]; s != nil && (s.gone || s.view.State != container.Running && s.view.State != container.Paused) {
		return fault.Wrap(verb, x.what, fault.New(fault.Conflict, "the plan ended its container %s", s.name()))
	}
	_, err := x.r.note(ctx, step{
		Change: bindings.Change{Verb: verb, Kind: "program", Object: x.what, ID: x.ref}, options: options,
		touches: []thing{{"program", x.ref}, {"container", x.in}},
	})
	return err
}
