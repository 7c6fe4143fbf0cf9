package bind_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"testing"

	"neap/lua/bind"
)

// kept is what a process holds once nothing is running.
type kept struct {
	goroutines, descriptors int
	heap                    uint64
}

func keep(t *testing.T) kept {
	t.Helper()
	for range 3 { // finalizers run between two collections
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return kept{runtime.NumGoroutine(), len(open), m.HeapAlloc}
}

// TestObjectsGo lists 100,000 objects, reads and filters and acts on them, and
// drops them: nothing of them stays.
func TestObjectsGo(t *testing.T) {
	const many = 100_000
	y := &yard{boxes: make([]*box, many)}
	for i := range y.boxes {
		y.boxes[i] = &box{name: strconv.Itoa(i), state: "running", size: int64(i)}
	}
	k := y.class()
	st := newState(t)
	module := &bind.Module{Name: "yard", Funcs: []*bind.Func{
		bind.Func0("all", "All.", bind.Returns(k.List(), "them"), func(context.Context) ([]*box, error) { return y.boxes, nil }),
		bind.Func0("first", "The first.", bind.Returns(k.Kind(), "it"), func(context.Context) (*box, error) { return y.boxes[0], nil }),
	}}
	if err := st.Install([]*bind.Module{module}); err != nil {
		t.Fatal(err)
	}
	round := mustLoad(st, `local all, sum = yard.all(), 0
		assert(#all == 100000)
		for i = 1, #all do sum = sum + all[i].size end
		assert(sum == 4999950000 and all:sum("size") == sum)
		assert(#all:where{ state = "running" } == 100000 and #all:map(tostring) == 100000)
		assert(all:stop()[1].state == "exited" and yard.first():stop(1))
		for i = 1, 1000 do coroutine.wrap(function() pcall(all[i].stop, all[i]) end)() end`)
	run := func() {
		if _, err := st.Call(context.Background(), round); err != nil {
			t.Fatal(err)
		}
		for _, b := range y.boxes {
			b.state = "running"
		}
	}
	run() // makes what stays on purpose: threads, metatables, functions
	before := keep(t)
	for range 2 {
		run()
	}
	after := keep(t)
	if after.goroutines > before.goroutines || after.descriptors > before.descriptors {
		t.Errorf("%d goroutines and %d descriptors before, %d and %d after", before.goroutines, before.descriptors, after.goroutines, after.descriptors)
	}
	if after.heap > before.heap+256<<10 {
		t.Errorf("the heap grew from %d to %d bytes", before.heap, after.heap)
	}
}
