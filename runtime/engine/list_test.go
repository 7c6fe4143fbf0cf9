package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"testing"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/process"
)

// changerRole is a process that changes records until it is killed.
const changerRole = "neap-test-changer"

// change changes the records of one container at random, as starts, ends,
// renames and removals do, or makes one.
func change(e *Engine, r *rand.Rand, living []*os.Process) error {
	ids, err := e.containers.IDs()
	if err != nil {
		return err
	}
	slices.Sort(ids)
	if len(ids) < 8 {
		return makeRecord(e, r)
	}
	c := e.containers.With(ids[r.IntN(len(ids))])
	lock, err := c.Lock(context.Background())
	if err != nil {
		return absent(err)
	}
	defer lock.Unlock()
	last, err := c.Last()
	if err != nil {
		return err
	}
	switch r.IntN(7) {
	case 0:
		return c.SetLast(&container.Last{Start: last.Start + 1, Boot: e.boot, Before: last})
	case 1:
		return live(e, c, last, living[r.IntN(len(living))].Pid)
	case 2:
		end := container.Last{Start: max(last.Start, 1), Boot: e.boot, Started: last.Started, Ended: time.Now().UTC(), Code: r.IntN(99)}
		return errors.Join(c.SetLast(&end), c.SetFacts(nil))
	case 3:
		w, err := c.Wish()
		if err != nil || w.Restart.Name != "always" {
			return err
		}
		return c.SetDue(&container.Due{At: time.Now(), Count: 1})
	case 4:
		return c.SetDue(nil)
	case 5:
		w, err := c.Wish()
		if err != nil {
			return err
		}
		w.Name, w.Restart.Name = fmt.Sprintf("n%d", r.IntN(1e9)), []string{"", "no", "always"}[r.IntN(3)]
		return c.SetWish(w)
	default:
		return absent(errors.Join(c.Doom(), c.Erase()))
	}
}

func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func makeRecord(e *Engine, r *rand.Rand) error {
	d, err := e.containers.Draft(context.Background(), NewID())
	if err != nil {
		return err
	}
	name := fmt.Sprintf("n%d", r.IntN(1e9))
	return d.Commit(&container.Plan{
		ID: d.ID, Created: time.Now().UTC(), Image: "box", Cmd: []string{"a", name}, Network: "none", AutoRemove: r.IntN(3) == 0,
	}, &container.Wish{Name: name})
}

// live records that a process is the container's.
func live(e *Engine, c *container.Container, last *container.Last, pid int) error {
	stat, err := process.ReadStat(pid)
	if err != nil {
		return absent(err)
	}
	now := time.Now().UTC()
	l := container.Last{Start: last.Start + 1, Boot: e.boot, Started: now}
	return errors.Join(c.SetLast(&l), c.SetFacts(&container.Facts{
		Start: l.Start, Boot: e.boot, Pid: pid, Ticks: stat.Ticks, Started: now,
		Ports: []container.Port{{HostIP: "::", HostPort: 1, ContainerPort: uint16(l.Start), Protocol: "tcp"}}, //nolint:gosec // few
	}))
}

// derived is what the directories show, without any notes.
func derived(t *testing.T, e *Engine) []container.Brief {
	t.Helper()
	ids, err := e.containers.IDs()
	if err != nil {
		t.Fatal(err)
	}
	var all []container.Brief
	for _, id := range ids {
		v, err := e.With(id).look()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v.Brief())
	}
	slices.SortFunc(all, func(a, b container.Brief) int {
		if n := b.Created.Compare(a.Created); n != 0 {
			return n
		}
		return slices.Compare([]byte(a.ID), []byte(b.ID))
	})
	return all
}

// same compares the listings of several engines with what is derived.
func same(t *testing.T, when string, engines ...*Engine) {
	t.Helper()
	want := derived(t, engines[0])
	for n, e := range engines {
		all, err := e.Briefs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != len(want) {
			t.Fatalf("%s: engine %d lists %d, there are %d", when, n, len(all), len(want))
		}
		for i, b := range all {
			got := *b
			got.Fleeting, want[i].Fleeting = false, false
			if !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("%s: engine %d:\n got %+v\nwant %+v", when, n, got, want[i])
			}
		}
	}
}

// settle lists until the notes tell of all that can be noted.
func settle(t *testing.T, e *Engine) {
	t.Helper()
	fleeting := 0
	for _, b := range derived(t, e) {
		if b.Fleeting {
			fleeting++
		}
	}
	for limit := time.Now().Add(10 * time.Second); ; {
		if _, err := e.Briefs(t.Context()); err != nil {
			t.Fatal(err)
		}
		l, err := e.containers.Listing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Unknown) <= fleeting {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d of the containers are never noted, %d cannot be", len(l.Unknown), fleeting)
		}
	}
}

// sleepers are processes that containers can claim to be.
func sleepers(t *testing.T, n int) (all []*os.Process) {
	t.Helper()
	for range n {
		cmd := exec.Command("sleep", "600")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait() })
		all = append(all, cmd.Process)
	}
	return all
}

// TestListing changes containers at random, in this process and in one that is
// killed at any moment: what is listed is always what the directories show.
func TestListing(t *testing.T) {
	e := open(t)
	other, err := Open(e.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	defer forget(t, e)
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano()))) //nolint:gosec // any will do
	for round := range 8 {
		living := sleepers(t, 3)
		for range 20 {
			if err := change(e, r, living); err != nil {
				t.Fatal(err)
			}
			same(t, "after a change", e, other)
		}
		settle(t, e)
		same(t, "when all is noted", e, other)
		_ = living[0].Kill()
		_, _ = living[0].Wait()
		noticed(t, e)
		mend(t, e)
		same(t, "when a process died", e, other)
		changer(t, e, r.IntN(60))
		mend(t, e)
		same(t, fmt.Sprintf("when a writer was killed in round %d", round), e, other)
	}
}

// noticed sees that no note makes a dead one live.
func noticed(t *testing.T, e *Engine) {
	t.Helper()
	l, err := e.containers.Listing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range derived(t, e) {
		if v, err := e.With(b.ID).look(); err != nil || v.ending && !slices.Contains(l.Unknown, b.ID) {
			t.Errorf("%s is dead and was taken as it was noted (%v)", b.ID, err)
		}
	}
}

// mend records the ends that nobody saw, as the keeper would.
func mend(t *testing.T, e *Engine) {
	t.Helper()
	for _, b := range derived(t, e) {
		c := e.With(b.ID)
		v, err := c.look()
		if err == nil && v.ending {
			v.Last.Ended, v.Last.Unknown = time.Now().UTC(), true
			err = errors.Join(c.c.SetLast(&v.Last), c.c.SetFacts(nil))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// changer runs another process that changes records, and kills it after so
// many changes and a bit.
func changer(t *testing.T, e *Engine, after int) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{changerRole, e.opt.Root}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range after + 1 {
		if !lines.Scan() {
			t.Error("the other process ended by itself")
			break
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed
}

// changing is the life of the other process.
func changing(root string) error {
	e, err := Open(testOptions(root))
	if err != nil {
		return err
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(2, uint64(os.Getpid()))) //nolint:gosec // any will do
	for {
		if err := change(e, r, []*os.Process{self}); err != nil {
			return err
		}
		fmt.Println("changed")
	}
}

// forget removes the records, which have nothing in the kernel.
func forget(t *testing.T, e *Engine) {
	t.Helper()
	ids, err := e.containers.IDs()
	if err != nil {
		t.Error(err)
	}
	for _, id := range ids {
		c := e.containers.With(id)
		if err := absent(errors.Join(c.SetFacts(nil), c.SetDue(nil), c.Doom(), c.Erase())); err != nil {
			t.Error(err)
		}
	}
	strays, err := e.containers.Strays()
	if err != nil {
		t.Error(err)
	}
	for _, id := range strays {
		if err := e.containers.Discard(id); err != nil {
			t.Error(err)
		}
	}
}

// TestIndexIsThrownAway: a list does not depend on the file of notes.
func TestIndexIsThrownAway(t *testing.T) {
	e := open(t)
	defer forget(t, e)
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // any will do
	for range 5 {
		if err := makeRecord(e, r); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, e)
	file := e.store.Run.Join("containers", ".index")
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		bad := slices.Clone(body)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if err := os.WriteFile(file, bad[:len(bad)-r.IntN(2)*r.IntN(len(bad))], 0o600); err != nil {
			t.Fatal(err)
		}
		same(t, "with a damaged index", e)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	same(t, "without an index", e)
}
