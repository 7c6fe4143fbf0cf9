package engine

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"neap/runtime/fault"
)

// TestHostileImages has them all in one engine: what one leaves behind may help
// the next.
func TestHostileImages(t *testing.T) {
	a := newArena(t)
	for _, c := range []struct {
		name  string
		check func(*testing.T)
	}{
		{"S25 top directories", a.topDirectories},
		{"S26 files of etc", a.etcFiles},
		{"S26 links to nothing", a.danglingEtc},
		{"S27 users", a.users},
		{"S28 groups", a.groups},
		{"S29 working directories", a.workdirs},
		{"S30 program", a.runtimeAsProgram},
		{"S31 volumes", a.imageVolumes},
		{"S34 labels", a.labels},
		{"S35 junk", a.junk},
	} {
		t.Run(c.name, c.check)
	}
}

// contained looks from inside a container of an image that came to run: its
// walls stand, and it does not see the host.
func (a *arena) contained(t *testing.T, what string, s Spec) {
	t.Helper()
	asked, err := json.Marshal(questions{Writes: []string{"/proc/sys/kernel/core_pattern"}, Exist: []string{
		a.e.opt.Root, a.canary + "/twin", "/v" + a.canary, "/v/secret", "/v/shadow", "/etc/shadow",
	}})
	must(t, err)
	s.Argv = []string{"/bin/probe", "look", string(asked)}
	out, err := a.try(s)
	if err != nil {
		t.Logf("%s: refused: %v", what, err)
		return
	}
	r := said(t, []byte(out))
	if r.Writes["/proc/sys/kernel/core_pattern"] != "EROFS" || r.Status["Seccomp"] != "2" || r.Exist != nil || r.Status["CapEff"] != dockerSet {
		t.Errorf("%s: inside: %v %v %v", what, r.Writes, r.Status["CapEff"], r.Exist)
	}
	for _, line := range r.Mounts {
		f := strings.Fields(line)
		if f[4] == "/proc" && f[3] != "/" || strings.Contains(f[3], a.canary) {
			t.Errorf("%s: %s", what, line)
		}
	}
}

func (a *arena) topDirectories(t *testing.T) {
	n := 0
	for _, dir := range []string{"proc", "sys", "dev", "etc", "run", "tmp"} {
		for _, to := range []string{a.canary, "../../../../../../../.." + a.canary, "/proc/1/root", "nowhere", ""} {
			e := symlink(dir, to)
			if to == "" {
				e = content(dir, "a file\n")
			}
			entries := []entry{e}
			if dir == "etc" {
				entries = append(entries, content("etc/passwd", ""), content("etc/group", ""))
			}
			n++
			tag, what := fmt.Sprintf("top%d", n), dir+" -> "+to
			if err := a.imported(tag, entries...); err != nil {
				t.Logf("%s: no image: %v", what, err)
				continue
			}
			a.contained(t, what, Spec{Image: tag})
			if dir == "proc" || dir == "sys" || dir == "dev" {
				if _, err := a.try(Spec{Image: tag, Argv: []string{"/bin/probe", "id"}}); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
	}
}

// quick fails the test if do takes as long as something that waits.
func quick(t *testing.T, what string, do func()) {
	t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%s: it took %s", what, took)
	}
}

func (a *arena) etcFiles(t *testing.T) {
	secret := a.canary + "/secret"
	n := 0
	for _, name := range []string{"passwd", "group", "hosts", "resolv.conf", "hostname"} {
		file := "etc/" + name
		for what, e := range map[string]entry{
			"host file": symlink(file, secret), "host file above": symlink(file, "../../../../../../.."+secret),
			"kmsg": symlink(file, "/proc/kmsg"), "environ": symlink(file, "/proc/self/environ"), "fd": symlink(file, "/proc/self/fd/0"),
			"fifo": {name: file, kind: tar.TypeFifo}, "zero": {name: file, kind: tar.TypeChar, dev: [2]int64{1, 5}},
			"disk": {name: file, kind: tar.TypeBlock, dev: [2]int64{254, 0}}, "loop": symlink(file, name),
			"big": {name: file, size: 3 << 20}, "directory": directory(file),
		} {
			n++
			tag := fmt.Sprintf("etc%d", n)
			if err := a.imported(tag, e); err != nil {
				t.Logf("%s is %s: no image: %v", file, what, err)
				continue
			}
			quick(t, file+" is "+what, func() { a.contained(t, file+" is "+what, Spec{Image: tag}) })
			if name != "passwd" && name != "group" {
				continue
			}
			out, err := a.try(Spec{Image: tag, User: "joe", Argv: []string{"probe", "id"}})
			if name == "passwd" && err == nil {
				t.Errorf("%s is %s: joe is %s", file, what, out)
			}
			if err == nil && !strings.HasPrefix(out, "1000 ") {
				t.Errorf("%s is %s: joe is %s", file, what, out)
			}
		}
	}
}

// danglingEtc: images taken from hosts have such links.
func (a *arena) danglingEtc(t *testing.T) {
	must(t, a.imported("dangling",
		symlink("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"), symlink("etc/hostname", "/nowhere/hostname"),
	))
	out, err := a.try(Spec{Image: "dangling", Hostname: "here", DNS: []string{"192.0.2.1"}, Argv: []string{"probe", "cat", "/etc/resolv.conf"}})
	if err != nil || !strings.Contains(out, "nameserver 192.0.2.1\n") {
		t.Errorf("resolv.conf: %q, %v", out, err)
	}
	out, err = a.try(Spec{Image: "dangling", Hostname: "here", Argv: []string{"probe", "cat", "/nowhere/hostname"}})
	if err != nil || out != "here\n" {
		t.Errorf("hostname: %q, %v", out, err)
	}
}

const sly = `root:x:0:0::/root:
joe:x:1000:100::/:
1234:x:0:0::/:
wrap:x:4294967296:0::/:
junk:x:abc:0::/:
-1:x:0:0::/:
`

// users: what an image says of its user, and what is said of an exec's.
func (a *arena) users(t *testing.T) {
	must(t, a.imported("users", content("etc/passwd", sly)))
	inside := start(t, a.e, Spec{Image: "users", Argv: []string{"probe", "sleep"}})
	n := 0
	for who, want := range map[string]string{
		"": "0 ", "0": "0 ", "root": "0 ", "joe": "1000 ", "1234": "1234 ", "2147483647": "2147483647 ",
		"4294967296": "", "4294967295": "", "2147483648": "", "-1": "", "00": "", "0x0": "", "+0": "", " 0": "", "0 ": "", "99999999999999999999": "",
		"wrap": "", "junk": "", "nobody": "", "joe:nobody": "", "joe:-1": "", "root\n": "", "../root": "", "joe:0:0": "",
	} {
		n++
		tag := fmt.Sprintf("user%d", n)
		must(t, a.loaded(tag, map[string]any{"User": who, "Cmd": []string{"probe", "id"}}, content("etc/passwd", sly)))
		fromImage, imageErr := a.try(Spec{Image: tag})
		r, execErr := inside.Exec(t.Context(), ExecSpec{Argv: []string{"probe", "id"}, User: who}, nil, nil)
		given, givenErr := a.try(Spec{Image: "users", User: who, Argv: []string{"probe", "id"}})
		for _, said := range []struct {
			door, out string
			err       error
		}{{"image", fromImage, imageErr}, {"exec", string(r.Stdout), execErr}, {"run", given, givenErr}} {
			if want == "" && said.err == nil || want != "" && !strings.HasPrefix(said.out, want) {
				t.Errorf("%s: %q is %q, %v", said.door, who, said.out, said.err)
			}
		}
	}
}

func (a *arena) groups(t *testing.T) {
	accounts := []entry{
		content("etc/passwd", "root:x:0:0::/:\njoe:x:1000:100::/:\n"),
		content("etc/group", "root:x:0:\nusers:x:100:\nextra:x:7:joe,root\nmore:x:8:joe\nwrap:x:4294967296:joe\n9:x:0:joe\n"),
	}
	must(t, a.imported("groups", accounts...))
	for _, c := range []struct {
		user string
		add  []string
		want string
	}{
		{"joe", nil, "1000 100 [7 8 100]"},
		{"1000", nil, "1000 100 [7 8 100]"},
		{"joe:extra", nil, "1000 7 [7]"},
		{"1000:1000", nil, "1000 1000 [1000]"},
		{"5000", nil, "5000 0 [0]"},
		{"5000:9", nil, "5000 9 [9]"},
		{"joe", []string{"99", "more"}, "1000 100 [7 8 99 100]"},
		{"root", nil, "0 0 [0 7]"},
	} {
		s := Spec{Image: "groups", User: c.user, GroupAdd: c.add, Argv: []string{"probe", "id"}}
		out, err := a.try(s)
		s.Argv = []string{"probe", "sleep"}
		r, execErr := start(t, a.e, s).Exec(t.Context(), ExecSpec{Argv: []string{"probe", "id"}}, nil, nil)
		if out != c.want+"\n" || string(r.Stdout) != out {
			t.Errorf("%s %v: run %q, %v; exec %q, %v; want %q", c.user, c.add, out, err, r.Stdout, execErr, c.want)
		}
	}
	if out, err := a.try(Spec{Image: "groups", User: "joe", GroupAdd: []string{"wrap"}, Argv: []string{"probe", "id"}}); err == nil {
		t.Errorf("wrap: %q", out)
	}
}

// workdirs: none of them leads out, in images, with run and with exec.
func (a *arena) workdirs(t *testing.T) {
	links := []entry{
		symlink("sly", "/proc/self/fd"), symlink("slyer", "/proc/1/root"), symlink("up", "../../../../../.."+a.canary),
		{name: "closed", kind: tar.TypeDir, mode: 0o700},
		content("file", ""),
	}
	must(t, a.imported("dirs", links...))
	inside := start(t, a.e, Spec{Image: "dirs", Argv: []string{"probe", "sleep"}})
	dirs := []string{
		"..", "../../..", "/..", "/file", "/file/x", "/closed", "/missing/one", "/up", "/slyer", "/slyer/etc", "relative",
		"/proc/self/cwd", "/proc/self/root", "/proc/1/root", "/proc/self/ns", "/proc/self/task", "/sys/x", "/dev/fd/7", "/a\x00b",
	}
	for fd := range 9 {
		dirs = append(dirs, fmt.Sprintf("/proc/self/fd/%d", fd), fmt.Sprintf("/sly/%d", fd), fmt.Sprintf("/proc/thread-self/fd/%d/..", fd))
	}
	top := ""
	for i, dir := range dirs {
		tag := fmt.Sprintf("dir%d", i)
		outs := map[string]string{}
		if i < 22 { // the rest differs by a digit
			must(t, a.loaded(tag, map[string]any{"WorkingDir": dir, "Cmd": []string{"/bin/probe", "where"}}, links...))
			outs["image"], _ = a.try(Spec{Image: tag})
		}
		outs["run"], _ = a.try(Spec{Image: "dirs", Workdir: dir, Argv: []string{"/bin/probe", "where"}})
		r, _ := inside.Exec(t.Context(), ExecSpec{Argv: []string{"/bin/probe", "where"}, Workdir: dir}, nil, nil)
		outs["exec"] = string(r.Stdout)
		for door, out := range outs {
			if out == "" {
				continue // refused
			}
			at, names, _ := strings.Cut(out, "\n")
			if !strings.HasPrefix(at, "/") || !strings.Contains(names, "slyer") || strings.Contains(names, "lost+found") {
				t.Errorf("%s: %q is %q, above it %q", door, dir, at, names)
			}
			top = names
		}
	}
	if top == "" {
		t.Error("nothing ran")
	}
}

// runtimeAsProgram is 2019-5736: the image names the runtime as its program.
func (a *arena) runtimeAsProgram(t *testing.T) {
	must(t, a.imported("evil",
		entry{name: "bin/evil", link: "#!/proc/self/exe\n"}, symlink("bin/link", "/proc/self/exe"), symlink("bin/one", "/proc/1/exe"),
	))
	inside := start(t, a.e, Spec{Image: "evil", Argv: []string{"probe", "sleep"}})
	for _, program := range []string{"/bin/evil", "evil", "/proc/self/exe", "/bin/link", "/bin/one", "/proc/1/exe", "/dev/fd/3", "/proc/self/fd/4"} {
		quick(t, program, func() {
			for _, init := range []bool{false, true} {
				if out, err := a.try(Spec{Image: "evil", Init: init, Argv: []string{program, "id"}}); err == nil {
					t.Logf("%s: %q", program, out)
				}
			}
			_, _ = inside.Exec(t.Context(), ExecSpec{Argv: []string{program, "id"}}, nil, nil)
		})
	}
	for _, init := range []bool{false, true} {
		out, err := a.try(Spec{Image: "evil", Init: init, CapAdd: []string{"SYS_PTRACE"}, Argv: []string{"probe", "open", "/proc/1/exe", "/proc/self/exe"}})
		if err != nil || strings.Contains(out, "written") || strings.Contains(out, "nil") {
			t.Errorf("init %v: %q, %v", init, out, err)
		}
	}
}

// imageVolumes: a volume of an image is a path, whatever it looks like.
func (a *arena) imageVolumes(t *testing.T) {
	for i, target := range []string{
		a.canary + ":/v", "/:/v:ro", a.canary + ":/v:shared", "/etc:/etc", "name:/v", ":", "/v:", ":/v", "/../../../../.." + a.canary,
		"..", "../..", "relative", "/", "", ".", "/proc", "/proc/sys", "/proc/../proc/self", "/sly", "/sly/sys", "/up/x",
		"/sys", "/sys/fs/cgroup", "/dev", "/dev/null", "/dev/pts", "/etc/passwd", "/bin/probe", "/a\x00b", "/etc", "//proc//", "/file/x",
	} {
		tag := fmt.Sprintf("volume%d", i)
		config := map[string]any{"Volumes": map[string]any{target: map[string]any{}}}
		if err := a.loaded(tag, config, symlink("sly", "/proc"), symlink("up", "../../../.."+a.canary), content("file", "")); err != nil {
			t.Logf("%q: no image: %v", target, err)
			continue
		}
		a.contained(t, "volume "+target, Spec{Image: tag})
		c, err := a.e.Create(t.Context(), Spec{Image: tag, Network: "none", Argv: []string{"/bin/probe", "id"}})
		if err != nil {
			continue
		}
		v, err := c.Look()
		must(t, err)
		for _, m := range v.Plan.Mounts {
			if m.Kind != "volume" || m.Source != "" {
				t.Errorf("volume %q became %+v", target, m)
			}
		}
		must(t, c.Remove(t.Context(), RemoveOptions{Volumes: true}))
	}
}
