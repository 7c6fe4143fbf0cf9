package engine

import (
	"context"
	"testing"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/testenv"
)

// TestStopBrokenOff gives up waiting for a container that takes its time to end,
// and starts it: the start waits for the end first, as the program had been told.
func TestStopBrokenOff(t *testing.T) {
	e := open(t)
	c := start(t, e, Spec{Name: "slow", Argv: []string{"sh", "-c", `trap "sleep 0.3; exit 0" TERM; echo ready; while :; do sleep 0.05; done`}})
	testenv.Eventually(t, 10*time.Second, func() bool {
		text, err := c.Logs(t.Context(), LogOptions{Tail: -1, Stdout: true})
		return err == nil && text != ""
	}, "it heeds TERM")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Stop(ctx, StopOptions{}); err == nil {
		t.Fatal("it ended at once")
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := c.Look()
	if err != nil || v.State != container.Running || v.Last.Start != 2 {
		t.Errorf("%s at start %d, %v", v.State, v.Last.Start, err)
	}
}

// TestLeaseOfNothing pauses what does not run, and what is gone: no lease stays
// that would keep the keeper.
func TestLeaseOfNothing(t *testing.T) {
	e := open(t)
	c := start(t, e, Spec{Argv: []string{"true"}})
	if _, err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	never := func() error { t.Error("it was called"); return nil }
	if err := c.WhilePaused(t.Context(), never); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	if err := c.Pause(t.Context(), time.Hour); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	if err := c.Remove(t.Context(), RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.WhilePaused(t.Context(), never); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	living := start(t, e, Spec{Argv: []string{"sleep", "600"}})
	if err := living.WhilePaused(t.Context(), func() error { return living.Remove(t.Context(), RemoveOptions{Force: true}) }); err != nil {
		t.Error(err)
	}
	testenv.Eventually(t, 10*time.Second, func() bool { return !e.keeper.Present() }, "the keeper leaves")
}
