package engine

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"neap/runtime/image"
	"neap/runtime/testenv"
)

// arena is what the security tests fight in: an engine, and a directory of the
// host that nobody inside may ever reach.
type arena struct {
	t      *testing.T
	e      *Engine
	canary string
}

// newArena opens an engine. At the end nothing is left of it, and what an
// escape would touch on the host is as it was.
func newArena(t *testing.T) *arena {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	canary := filepath.Join(testenv.Dir(t), "canary")
	must(t, os.Mkdir(canary, 0o700))
	for _, name := range []string{"secret", "twin"} {
		must(t, os.WriteFile(filepath.Join(canary, name), []byte("root:x:0:0:canary:/canary:\n"), 0o600))
	}
	before := hostState(t, canary)
	t.Cleanup(func() {
		for name, now := range hostState(t, canary) {
			if now != before[name] {
				t.Errorf("%s of the host was %q and is %q", name, before[name], now)
			}
		}
	})
	return &arena{t: t, e: open(t), canary: canary}
}

// hostState is what escapes change, each as a text to compare.
func hostState(t *testing.T, canary string) map[string]string {
	t.Helper()
	state := map[string]string{}
	self, err := os.Executable()
	must(t, err)
	for _, name := range []string{
		self, filepath.Join(canary, "secret"), "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts", "/etc/resolv.conf",
		"/etc/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/modprobe",
	} {
		text, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		st, _ := os.Stat(name)
		sum := sha256.Sum256(text)
		state[name] = hex.EncodeToString(sum[:8])
		if st != nil {
			state[name] += st.Mode().String()
		}
	}
	for _, dir := range []string{canary, filepath.Dir(canary), "/"} {
		state[dir] = strings.Join(namesIn(t, dir), " ")
	}
	return state
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// entry is one member of the archive of an image.
type entry struct {
	name string
	kind byte   // a tar.Type…; 0 is a file
	link string // of a link; the content of a file
	mode int64  // 0 is 0755
	dev  [2]int64
	size int64 // of a file of zeroes
}

func directory(name string) entry     { return entry{name: name, kind: tar.TypeDir} }
func symlink(name, to string) entry   { return entry{name: name, kind: tar.TypeSymlink, link: to} }
func content(name, text string) entry { return entry{name: name, link: text, mode: 0o644} }

// probe is the program of testdata/probe, built once.
var probe = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "neap-probe-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the temporary directory
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "probe"), "./testdata/probe")
	build.Env = append(build.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	return os.ReadFile(filepath.Join(dir, "probe"))
})

// rootfs is an archive with the probe as /bin/probe and with entries, the later
// of a name in the place of the earlier.
func (a *arena) rootfs(entries ...entry) []byte {
	a.t.Helper()
	program, err := probe()
	must(a.t, err)
	all := append([]entry{
		directory("bin"), directory("etc"),
		{name: "tmp", kind: tar.TypeDir, mode: 0o1777},
		{name: "bin/probe", link: string(program)},
		content("etc/passwd", "root:x:0:0::/root:\njoe:x:1000:100::/home/joe:\n"),
		content("etc/group", "root:x:0:\nusers:x:100:\nextra:x:7:joe\n"),
	}, entries...)
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i, e := range all {
		if slices.ContainsFunc(all[i+1:], func(later entry) bool { return later.name == e.name }) {
			continue
		}
		must(a.t, e.write(w))
	}
	must(a.t, w.Close())
	return buf.Bytes()
}

func (e entry) write(w *tar.Writer) error {
	h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: e.mode, Devmajor: e.dev[0], Devminor: e.dev[1]}
	if h.Mode == 0 {
		h.Mode = 0o755
	}
	if e.kind != 0 && e.kind != tar.TypeReg {
		h.Linkname = e.link
		return w.WriteHeader(h)
	}
	h.Typeflag, h.Size = tar.TypeReg, int64(len(e.link))+e.size
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.WriteString(w, e.link); err != nil {
		return err
	}
	_, err := io.CopyN(w, zeroes{}, e.size)
	return err
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// imported makes an image by Import; the error is what Import says of it.
func (a *arena) imported(tag string, entries ...entry) error {
	a.t.Helper()
	_, err := a.e.Images.Import(a.t.Context(), bytes.NewReader(a.rootfs(entries...)), image.ImportOptions{Tag: tag})
	return err
}

// loaded makes an image by Load, with a configuration that nobody checked: the
// value of config in an archive as docker save writes it.
func (a *arena) loaded(tag string, config map[string]any, entries ...entry) error {
	a.t.Helper()
	layer := a.rootfs(entries...)
	sum := sha256.Sum256(layer)
	doc, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": config,
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	})
	must(a.t, err)
	manifest, err := json.Marshal([]any{map[string]any{"Config": "config.json", "RepoTags": []string{tag + ":latest"}, "Layers": []string{"layer.tar"}}})
	must(a.t, err)
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, body := range map[string][]byte{"manifest.json": manifest, "config.json": doc, "layer.tar": layer} {
		must(a.t, entry{name: name, link: string(body), mode: 0o644}.write(w))
	}
	must(a.t, w.Close())
	_, err = a.e.Images.Load(a.t.Context(), &buf)
	return err
}

// try runs a container to its end and gives what it printed, or why it did not
// start.
func (a *arena) try(s Spec) (string, error) {
	a.t.Helper()
	if s.Network == "" {
		s.Network = "none"
	}
	r, err := a.e.Once(a.t.Context(), s, false, nil, nil)
	return string(r.Stdout) + string(r.Stderr), err
}

// questions and report are those of testdata/probe.
type questions struct {
	Masked, Writes, Exist, NodeDirs []string
	Nodes                           []node
	Abstract                        string
}

type node struct {
	Name               string
	Kind, Major, Minor uint32
}

type report struct {
	FDs, Mounts, Env, Dev, Exist, Pids                               []string
	Status, NS, Calls, Masked, Writes, Nodes, Links, Cgroups, Raised map[string]string
	Limits                                                           map[string][2]uint64
	Cwd, Hostname, OOM, Abstract, Ptmx                               string
	Umask                                                            int
}

// doors are the ways by which a program gets into a container.
func doors() []string { return []string{"run", "init", "tty", "exec", "exec tty"} }

// look sends the probe through a door.
func (a *arena) look(t *testing.T, door string, s Spec, q questions) report {
	t.Helper()
	asked, err := json.Marshal(q)
	must(t, err)
	if s.Image == "" {
		s.Image = "walls"
	}
	if s.Network == "" {
		s.Network = "none"
	}
	argv := []string{"probe", "look", string(asked)}
	if strings.HasPrefix(door, "exec") {
		s.Argv = []string{"probe", "sleep"}
		return said(t, a.lookIn(t, door, start(t, a.e, s), ExecSpec{Argv: argv}))
	}
	s.Argv, s.Init, s.Interactive, s.Tty = argv, door == "init", door == "init", door == "tty"
	if door != "tty" {
		return said(t, run(t, a.e, s).Stdout)
	}
	c, err := a.e.Create(t.Context(), s)
	must(t, err)
	var out []byte
	_, err = c.StartAttached(t.Context(), Attached{Output: func(_ string, chunk []byte) error {
		out = append(out, chunk...)
		return nil
	}, Started: func(tty *os.File) {
		if tty != nil {
			_ = tty.Close()
		}
	}})
	must(t, err)
	return said(t, out)
}

func (a *arena) lookIn(t *testing.T, door string, c *Container, x ExecSpec) []byte {
	t.Helper()
	defer func() { must(t, c.Remove(t.Context(), RemoveOptions{Force: true, Volumes: true})) }()
	if door == "exec" {
		r, err := c.Exec(t.Context(), x, nil, nil)
		must(t, err)
		return r.Stdout
	}
	var out []byte
	read := make(chan struct{})
	_, err := c.ExecTerminal(t.Context(), x, func(tty *os.File) {
		defer close(read)
		defer tty.Close()
		out, _ = io.ReadAll(tty) // ends with EIO
	})
	must(t, err)
	<-read
	return out
}

func said(t *testing.T, out []byte) report {
	t.Helper()
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("the probe says %q: %v", out, err)
	}
	return r
}

// wants compares a part of a map.
func wants(t *testing.T, door string, have, want map[string]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if have[key] != want[key] {
			t.Errorf("%s: %s is %q, not %q", door, key, have[key], want[key])
		}
	}
}

func allWant(t *testing.T, door string, have map[string]string, want ...string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if !slices.Contains(want, have[key]) {
			t.Errorf("%s: %s: %s", door, key, have[key])
		}
	}
}
