package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/network"
	"neap/runtime/testenv"
	"neap/runtime/volume"
	"neap/runtime/warden"
)

// things counts what a root has: containers, volumes, networks made by somebody,
// and scopes with something on record. An empty one, of a maker that died before
// it made anything, is put away when the next keeper starts.
func things(t *testing.T, e *Engine) string {
	t.Helper()
	all, err := e.List(t.Context())
	volumes, errV := e.Volumes.List()
	networks, errN := e.Networks.List(t.Context())
	scopes, errS := e.scopes.IDs()
	if err := errors.Join(err, errV, errN, errS); err != nil {
		t.Fatal(err)
	}
	scopes = slices.DeleteFunc(scopes, func(id string) bool {
		links, _ := os.ReadDir(e.store.Lib.Join("scopes", id))
		return len(links) == 0
	})
	return fmt.Sprintf("%d containers, %d volumes, %d networks, %d scopes", len(all), len(volumes), len(networks)-3, len(scopes))
}

const none = "0 containers, 0 volumes, 0 networks, 0 scopes"

func wantThings(t *testing.T, e *Engine, want string) {
	t.Helper()
	if got := things(t, e); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// makeAll makes one of each kind, used by each other.
func makeAll(ctx context.Context, e *Engine, name string) (*Container, error) {
	_, err := e.Volumes.Create(ctx, name, volume.CreateOptions{})
	_, errN := e.Networks.Create(ctx, name, network.CreateOptions{})
	if err := errors.Join(err, errN); err != nil {
		return nil, err
	}
	if img, err := e.Images.Get(ctx, "box"); err != nil {
		return nil, err
	} else if _, err := e.Images.Tag(ctx, img, name); err != nil {
		return nil, err
	}
	return e.Run(ctx, Spec{Image: "box", Name: name, Network: name, Volumes: []string{name + ":/data", "/anonymous"}, Argv: []string{"sleep", "600"}})
}

func TestScope(t *testing.T) {
	e := open(t)
	ctx, s := e.OpenScope(t.Context())
	wantThings(t, e, "0 containers, 0 volumes, 0 networks, 0 scopes")
	if _, err := makeAll(ctx, e, "a"); err != nil {
		t.Fatal(err)
	}
	inner, deep := e.OpenScope(ctx)
	b, err := makeAll(inner, e, "b")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := makeAll(inner, e, "c")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.KeepContainer(inner, kept.ID()); err != nil {
		t.Fatal(err)
	}
	wantThings(t, e, "3 containers, 6 volumes, 3 networks, 2 scopes")
	if err := b.Remove(inner, RemoveOptions{Force: true}); err != nil { // its anonymous volume stays, for the scope
		t.Fatal(err)
	}
	if err := deep.End(t.Context()); err != nil {
		t.Error(err)
	}
	wantThings(t, e, "2 containers, 4 volumes, 2 networks, 1 scopes")
	if err := s.End(t.Context()); err != nil {
		t.Error(err)
	}
	wantThings(t, e, "1 containers, 2 volumes, 1 networks, 0 scopes")
	if img, err := e.Images.Find(t.Context(), "box"); err != nil || strings.Join(img.Tags, " ") != "box:latest" {
		t.Errorf("%v %v", img.Tags, err)
	}
	removeAll(t, e, "c")
}

// removeAll removes what makeAll made, in no scope.
func removeAll(t *testing.T, e *Engine, name string) {
	t.Helper()
	ctx := context.Background()
	if c, err := e.Find(name); err == nil && c != nil {
		err = c.Remove(ctx, RemoveOptions{Force: true, Volumes: true})
		if err = errors.Join(err, ignoreGone(e.Volumes.Remove(ctx, name)), ignoreGone(e.Networks.Remove(ctx, name)), ignoreGone(e.Images.Untag(ctx, name))); err != nil {
			t.Error(err)
		}
	}
}

// TestScopeOfOthers leaves to others what they took over: names that were used
// again, what they use, and what is protected.
func TestScopeOfOthers(t *testing.T) {
	e := open(t)
	outside := t.Context()
	ctx, s := e.OpenScope(outside)
	first, err := makeAll(ctx, e, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Remove(outside, RemoveOptions{Force: true, Volumes: true}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Volumes.Remove(outside, "a"), e.Networks.Remove(outside, "a")); err != nil {
		t.Fatal(err)
	}
	second, err := makeAll(outside, e, "a") // the same names, nobody's scope
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Volumes.Create(ctx, "shared", volume.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	user := start(t, e, Spec{Volumes: []string{"shared:/x"}, Argv: []string{"sleep", "600"}})
	if _, err := e.Create(ctx, Spec{Image: "box", Name: "guarded", Argv: []string{"true"}, Protect: true}); err != nil {
		t.Fatal(err)
	}
	err = s.End(outside)
	if !fault.Is(err, fault.Partial) || !strings.Contains(err.Error(), "guarded") || !strings.Contains(err.Error(), "shared") {
		t.Errorf("%v", err)
	}
	wantThings(t, e, "3 containers, 3 volumes, 1 networks, 0 scopes")
	if now, err := second.State(); now != container.Running || err != nil {
		t.Errorf("%s %v", now, err)
	}
	guarded, err := e.Get("guarded")
	if err = errors.Join(err, guarded.Protect(outside, false), user.Remove(outside, RemoveOptions{Force: true}), e.Volumes.Remove(outside, "shared")); err != nil {
		t.Error(err)
	}
	removeAll(t, e, "a")
}

const scopedRole = "neap-test-scoped"

// makeScoped is a maker that makes for ever, in a scope, until it is killed. It
// prints the name of what it keeps.
func makeScoped(root string) error {
	e, err := Open(testOptions(root))
	if err != nil {
		return err
	}
	ctx, _ := e.OpenScope(context.Background())
	for i := 0; ; i++ {
		ctx, _ := e.OpenScope(ctx) // one in another
		c, err := makeAll(ctx, e, fmt.Sprintf("%d-%d", os.Getpid(), i))
		if err != nil {
			return err
		}
		fmt.Println("made")
		if i == 1 {
			if err := e.KeepContainer(ctx, c.ID()); err != nil {
				return err
			}
			fmt.Println("kept")
		}
	}
}

// maker starts makeScoped and gives it after so many lines of it.
func maker(t *testing.T, e *Engine, lines int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: []string{scopedRole, e.opt.Root}, Stderr: os.Stderr}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range lines {
		var word string
		if _, err := fmt.Fscanln(out, &word); err != nil {
			t.Fatal(err)
		}
	}
	return cmd
}

// TestScopeKilled kills makers at any moment: the keeper removes what they
// made, and not what they kept.
func TestScopeKilled(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	e := open(t)
	kept := ""
	for round := range rounds {
		cmd := maker(t, e, rand.IntN(4))                              //nolint:gosec // any will do
		<-time.After(time.Duration(rand.IntN(60)) * time.Millisecond) //nolint:gosec // any moment will do
		if round%3 == 2 {
			killRole(t, e, warden.KeeperRole)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		kept = fmt.Sprintf("%d-1", cmd.Process.Pid)
		left := ""
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("round %d left %s", round, left)
			}
		})
		testenv.Eventually(t, time.Minute, func() bool {
			left = things(t, e)
			return left == none || left == "1 containers, 2 volumes, 1 networks, 0 scopes"
		}, fmt.Sprintf("round %d: all goes but what was kept", round))
		if left != none {
			removeAll(t, e, kept)
		}
		if tmp, _ := filepath.Glob(e.store.Lib.Join("containers", ".new-*")); len(tmp) > 0 {
			t.Errorf("round %d: %v", round, tmp)
		}
		if img, err := e.Images.Find(t.Context(), "box"); err != nil || len(img.Tags) != 1 {
			t.Errorf("round %d: %v %v", round, img.Tags, err)
		}
	}
}

// TestScopeWithoutKeeper kills the maker with keeper and warden: the next keeper
// removes what was made.
func TestScopeWithoutKeeper(t *testing.T) {
	e := open(t)
	cmd := maker(t, e, 1)
	for _, pid := range []int{pidOfRole(e, warden.Role), pidOfRole(e, warden.KeeperRole)} {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	start(t, e, Spec{Name: "next", Rm: true, Argv: []string{"sleep", "600"}})
	testenv.Eventually(t, 30*time.Second, func() bool { return things(t, e) == "1 containers, 0 volumes, 0 networks, 0 scopes" }, "the next keeper ends the scopes")
}
