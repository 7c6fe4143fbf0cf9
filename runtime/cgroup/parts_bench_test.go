package cgroup

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"neap/runtime/testenv"
)

// BenchmarkJoin makes a group and has a thread join it in every v1 hierarchy,
// as what starts a container does, and leave it. Without v1 it makes and opens
// only, as a child is then born into its group.
func BenchmarkJoin(b *testing.B) {
	testenv.Root(b)
	testenv.Clean(b)
	tree, err := Open(testenv.Name(b))
	if err != nil {
		b.Fatal(err)
	}
	defer tree.Remove() //nolint:errcheck // the leak check sees it
	for b.Loop() {
		g := tree.Group(id)
		if err := g.Make(Limits{}); err != nil {
			b.Fatal(err)
		}
		join(b, g)
		if err := g.Delete(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// join has a thread join and end, and waits until it is gone.
func join(b *testing.B, g *Group) {
	b.Helper()
	joins, err := g.Joins()
	if err != nil {
		b.Fatal(err)
	}
	tid := make(chan int)
	go enter(b, joins, tid)
	thread := <-tid
	for gone := false; !gone; {
		gone = unix.Tgkill(os.Getpid(), thread, 0) != nil
	}
}

// enter makes the thread a member and ends it. The first thread cannot end:
// there another is asked.
func enter(b *testing.B, joins []*os.File, tid chan<- int) {
	runtime.LockOSThread() // and not unlocked
	if unix.Gettid() == os.Getpid() {
		defer runtime.UnlockOSThread()
		done := make(chan int)
		go enter(b, joins, done)
		tid <- <-done
		return
	}
	for _, f := range joins {
		if _, err := f.WriteString("0"); err != nil {
			b.Error(err)
		}
		f.Close()
	}
	tid <- unix.Gettid()
}
