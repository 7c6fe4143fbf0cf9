package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"neap/bindings"
	"neap/bindings/plan"
	"neap/bindings/sim"
	"neap/bindings/trial"
	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/engine"
	"neap/scripts"
)

// newTrial runs tests, each file in a house of its own.
func newTrial() *trial.Trial {
	return trial.New(trial.Options{Stage: newStage, Open: openGround, Code: host.ExitCode, Now: time.Now})
}

// newStage joins the rooms for a file of tests, or for a script that one runs.
func newStage(s trial.Setting) (trial.Stage, error) {
	library, err := fs.Sub(scripts.FS, "lib")
	if err != nil {
		return nil, err
	}
	now, clock := time.Now, s.Clock()
	if clock != nil {
		now = clock.Now
	}
	compiled, err := fs.Sub(scripts.Compiled, "compiled")
	if err != nil {
		return nil, err
	}
	effects := std.Effects{Now: now, Stdout: s.Out, Stderr: s.Err}
	planner := plan.New(plan.Options{Version: version, Now: now, Terminal: paper{s}, Host: effects.Do})
	surface := bindings.All(bindings.Runtime{Nouns: planner.Over(s.Ground.Nouns), Planner: planner, Terminal: paper{s}, Now: now})
	return host.New(host.Options{
		Modules: append(slices.Clone(surface.Modules), std.Modules(effects)...), Classes: append(surface.Classes, s.Class),
		Tests:  s.Tests,
		Stdout: s.Out, Stderr: s.Err, Getenv: os.LookupEnv, Scripts: library, Compiled: compiled, Arguments: surface.Arguments,
		Panic: panicked, Clock: clock, Grace: grace,
	})
}

// openGround makes the runtime that tests act upon: a simulation, or a root that
// goes away with them.
func openGround(real bool) (*trial.Ground, error) {
	if !real {
		w := sim.New(sim.Options{Version: version, Builtin: builtin()})
		return trial.Simulated(w), nil
	}
	root, err := os.MkdirTemp("", "neap-test-")
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(engineOptions(root))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	return trial.Real(bindings.Native(e), func(ctx context.Context) error {
		err := idle(ctx, e)
		return errors.Join(err, e.Close(), os.RemoveAll(root))
	}), nil
}

// idle waits until nothing of the root is left in the kernel: its keeper takes the
// last with it.
func idle(ctx context.Context, e *engine.Engine) error {
	ctx, cancel := context.WithTimeout(ctx, 4*linger)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		if i, err := e.Info(ctx); err != nil || !i.Keeper {
			tick.Stop()
			return err
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// paper is a terminal that is none: it has no input, and its output goes where the
// stage's does.
type paper struct{ s trial.Setting }

func (p paper) Stdin() *os.File { return nil }

func (p paper) Write(stream string, b []byte) error {
	to := p.s.Out
	if stream == "err" {
		to = p.s.Err
	}
	_, err := to.Write(b)
	return err
}

func (p paper) IsTerminal() bool                    { return false }
func (p paper) Raw() (func() error, error)          { return nil, errors.New("there is no terminal") }
func (p paper) Size() (rows, cols uint16)           { return 0, 0 }
func (p paper) Resized() (<-chan os.Signal, func()) { return nil, func() {} }
