package engine

import (
	"archive/tar"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"neap/runtime/testenv"
)

// rounds is how often a race is run: enough to lose one that can be lost, with
// an attacker that does nothing else.
const rounds = 100

// attack runs the probe in c until the end of the test.
func attack(t *testing.T, c *Container, argv ...string) *Exec {
	t.Helper()
	x, err := c.Spawn(t.Context(), ExecSpec{Argv: append([]string{"/bin/probe"}, argv...)})
	must(t, err)
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// shared makes a directory of the host that containers share, with what is in
// it: a name that ends with a slash is a directory, one with "->" a link.
func (a *arena) shared(t *testing.T, contents ...string) string {
	t.Helper()
	dir := testenv.Dir(t)
	for _, item := range contents {
		name, to, link := strings.Cut(item, "->")
		switch {
		case link:
			must(t, os.Symlink(to, filepath.Join(dir, name)))
		case strings.HasSuffix(item, "/"):
			must(t, os.MkdirAll(filepath.Join(dir, item), 0o755))
		default:
			must(t, os.WriteFile(filepath.Join(dir, item), nil, 0o644))
		}
	}
	return dir
}

func TestRaces(t *testing.T) {
	if testing.Short() {
		t.Skip("it is a storm of hundreds of starts")
	}
	a := newArena(t)
	must(t, a.imported("race"))
	t.Run("S36 mount targets", a.flippingTargets)
	t.Run("S36 what is mounted", a.flippingSources)
	t.Run("S38 devices", a.flippingDevices)
	t.Run("S42 programs and accounts", a.flippingInside)
	t.Run("S15 hunt for what enters", a.hunted)
}

// flippingTargets is 2021-30465 and 2024-45310: a volume flips a directory to a
// link to the host while mounts are made below it.
func (a *arena) flippingTargets(t *testing.T) {
	dir := a.shared(t, "dir/x/", "link->"+strings.Repeat("../", 12)+a.canary)
	attacker := start(t, a.e, Spec{Image: "race", Volumes: []string{dir + ":/v"}, Argv: []string{"probe", "sleep"}})
	attack(t, attacker, "flip", "/v/dir", "/v/link")
	other := a.shared(t, "mine")
	for i := range rounds {
		a.contained(t, "flip", Spec{
			Image: "race", Volumes: []string{dir + ":/v", fmt.Sprintf("%s:/v/dir/y%d", other, i%10)}, Tmpfs: []string{"/v/dir/x"},
		})
	}
	must(t, attacker.Remove(t.Context(), RemoveOptions{Force: true}))
}

// flippingSources: containers flip what others take from them, and what a
// volume is filled from.
func (a *arena) flippingSources(t *testing.T) {
	attacker := start(t, a.e, Spec{Image: "race", Name: "attacker", Volumes: []string{"data:/v"}, Argv: []string{"probe", "sleep"}})
	for _, argv := range [][]string{{"touch", "/v/file"}} {
		_, err := attacker.Exec(t.Context(), ExecSpec{Argv: append([]string{"probe"}, argv...)}, nil, nil)
		must(t, err)
	}
	data, err := a.e.Volumes.Data("data")
	must(t, err)
	must(t, unix.Symlinkat("/", int(data.Fd()), "link"))
	must(t, unix.Mkdirat(int(data.Fd()), "dir", 0o755))
	must(t, data.Close())
	attack(t, attacker, "flip", "/v/dir", "/v/link")
	for i := range rounds / 4 {
		a.contained(t, "taken volume", Spec{Image: "race", VolumesFrom: []string{"attacker"}, Volumes: []string{fmt.Sprintf("data%d:/v/dir", i%3)}})
	}
	must(t, attacker.Remove(t.Context(), RemoveOptions{Force: true}))
}

// flippingDevices is 2025-31133 and 2025-52565: the null device and the
// terminals of a shared /dev flip to files of /proc.
func (a *arena) flippingDevices(t *testing.T) {
	dir := a.shared(t, "null", "pts/", "shm/", "mqueue/", "link->/proc/sys/kernel/core_pattern", "away->/proc")
	attacker := start(t, a.e, Spec{Image: "race", Volumes: []string{dir + ":/v"}, Argv: []string{"probe", "sleep"}})
	attack(t, attacker, "flip", "/v/null", "/v/link")
	attack(t, attacker, "flip", "/v/pts", "/v/away")
	for i := range rounds / 8 {
		s := Spec{Image: "race", Volumes: []string{dir + ":/dev"}, Init: i%2 == 0}
		a.contained(t, "shared /dev", s)
		c, err := a.e.Run(t.Context(), Spec{Image: "race", Network: "none", Volumes: s.Volumes, Argv: []string{"/bin/probe", "sleep"}})
		if err != nil {
			continue
		}
		_, _ = c.ExecTerminal(t.Context(), ExecSpec{Argv: []string{"/bin/probe", "id"}}, func(tty *os.File) { _ = tty.Close() })
		_, _ = c.Exec(t.Context(), ExecSpec{Argv: []string{"/bin/probe", "id"}}, nil, nil)
		must(t, c.Remove(t.Context(), RemoveOptions{Force: true}))
	}
	must(t, attacker.Remove(t.Context(), RemoveOptions{Force: true}))
}

// flippingInside: the container flips its shell and its accounts while
// programs are sent into it.
func (a *arena) flippingInside(t *testing.T) {
	secret := a.canary + "/secret"
	program, err := probe()
	must(t, err)
	must(t, a.imported("flips",
		entry{name: "bin/sh", link: string(program)}, entry{name: "bin/evil", link: "#!/proc/self/exe\n"}, symlink("bin/out", secret),
		symlink("etc/host", strings.Repeat("../", 12)+secret), symlink("etc/kmsg", "/proc/kmsg"), symlink("etc/environ", "/proc/1/environ"),
		entry{name: "etc/fifo", kind: tar.TypeFifo}, entry{name: "etc/big", size: 3 << 20}, directory("etc/dir"),
		content("etc/rooted", "joe:x:00:0::/:\n"), symlink("etc/fd", "/proc/self/fd/0"),
	))
	for i, other := range []string{"host", "kmsg", "environ", "fifo", "big", "dir", "rooted", "fd"} {
		c := start(t, a.e, Spec{Image: "flips", Env: []string{"X=\njoe:x:0:0::/:\n"}, Argv: []string{"probe", "sleep"}})
		attack(t, c, "flip", "/etc/passwd", "/etc/"+other)
		attack(t, c, "flip", "/bin/sh", []string{"/bin/evil", "/bin/out"}[i%2])
		ran := 0
		for range rounds / 8 {
			quick(t, other, func() {
				r, err := c.Exec(t.Context(), ExecSpec{Argv: []string{"sh", "id"}, User: "joe"}, nil, nil)
				if err == nil && len(r.Stdout) > 0 {
					ran++
				}
				if strings.HasPrefix(string(r.Stdout), "0 ") || strings.Contains(string(r.Stdout)+string(r.Stderr), "canary") {
					t.Errorf("%s: %q %q", other, r.Stdout, r.Stderr)
				}
			})
		}
		t.Logf("%s: %d of %d ran", other, ran, rounds/8)
		must(t, c.Remove(t.Context(), RemoveOptions{Force: true}))
	}
}

// hunted is 2016-9962 and 2019-5736: a container looks at all that enters it,
// and finds nothing of the host; one that may trace, nothing either.
func (a *arena) hunted(t *testing.T) {
	for _, caps := range [][]string{nil, {"SYS_PTRACE"}} {
		c := start(t, a.e, Spec{Image: "race", CapAdd: caps, Argv: []string{"probe", "sleep"}})
		hunter := attack(t, c, "hunt")
		for range rounds / 2 {
			r, err := c.Exec(t.Context(), ExecSpec{Argv: []string{"probe", "id"}}, nil, nil)
			if err != nil || !strings.HasPrefix(string(r.Stdout), "0 0 ") {
				t.Errorf("%q, %v", r.Stdout, err)
			}
		}
		must(t, hunter.CloseInput())
		r, err := hunter.Wait(t.Context(), 0)
		must(t, err)
		t.Logf("with %v it saw\n%s", caps, r.Stdout)
		for line := range strings.Lines(string(r.Stdout)) {
			if !harmless(strings.TrimSpace(line)) {
				t.Errorf("with %v the hunter saw %s", caps, line)
			}
		}
		must(t, c.Remove(t.Context(), RemoveOptions{Force: true}))
	}
}

// harmless says whether what a hunter saw is the container's own: its root,
// its program, its pipes.
func harmless(line string) bool {
	what, where, _ := strings.Cut(line, " ")
	fine := map[string][]string{
		"exe": {"/bin/probe", "/memfd:neap (deleted)"}, "root": {"/"}, "cwd": {"/"}, "fd": {"pipe", "socket", "/dev/null", "/"},
	}
	return slices.Contains(fine[what], where)
}
