package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/rootfs"
	"neap/runtime/sandbox"
)

// config is what the sandbox shall make of the plan. Its files are closed with
// the launch's.
func (l *launch) config(ctx context.Context) (*sandbox.Config, error) {
	p := l.plan
	cfg := &sandbox.Config{
		Root: l.root, Attach: l.c.Path(), Workdir: p.Workdir, Umask: 0o022,
		UID: l.user.UID, GID: l.user.GID, Groups: l.user.Groups,
		Hostname: p.Hostname, Domainname: p.Domainname, Privileged: p.Privileged, Sysctls: p.Sysctls,
		OOMScoreAdj: p.OOMScoreAdj, Stdin: l.io.In, Stdout: l.io.Out, Stderr: l.io.Err,
		Tty: p.Tty, Init: p.Init, ReadOnlyRoot: p.ReadOnly, ShmSize: p.ShmSize, Parent: true,
		Rlimits: rlimits(p.Ulimits),
	}
	if cfg.OOMScoreAdj == nil {
		cfg.OOMScoreAdj = new(0)
	}
	cfg.Env = environment(p, l.user)
	cfg.Argv = append(append([]string{}, p.Entrypoint...), p.Cmd...)
	var err error
	if cfg.Exe, err = l.program(cfg.Argv[0], cfg.Env); err != nil {
		return nil, err
	}
	for _, fill := range []func(context.Context, *sandbox.Config) error{
		l.walls, l.namespaces, l.devices, l.cgroups, l.mounts,
	} {
		if err := fill(ctx, cfg); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

// environment is the plan's with what Docker adds where it is missing.
func environment(p *container.Plan, u rootfs.User) []string {
	env := []string{"HOSTNAME=" + p.Hostname}
	if p.Tty {
		env = append(env, "TERM=xterm")
	}
	env = mergeEnv(env, p.Env)
	if !slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "HOME=") }) {
		env = append(env, "HOME="+first(u.Home, "/"))
	}
	return env
}

// program finds the program in the root, or leaves a path below a mount to the
// kernel.
func (l *launch) program(name string, env []string) (string, error) {
	exe, err := resolve(l.root, name, env, l.plan.Workdir)
	if err == nil {
		return exe, nil
	}
	full := path.Join(l.plan.Workdir, name)
	if path.IsAbs(name) {
		full = path.Clean(name)
	}
	for _, m := range l.plan.Mounts {
		if strings.Contains(name, "/") && strings.HasPrefix(full+"/", m.Target+"/") {
			return full, nil
		}
	}
	return "", err
}

func resolve(root *os.File, name string, env []string, workdir string) (string, error) {
	search := ""
	for _, kv := range env {
		if value, found := strings.CutPrefix(kv, "PATH="); found {
			search = value
		}
	}
	exe, err := sandbox.Resolve(root, sandbox.Program{Name: name, Path: search, Workdir: workdir})
	if err == nil {
		return exe, nil
	}
	code, known := 127, fault.New(fault.NotFound, "%v", err)
	if e, ok := err.(*fault.Error); ok { //nolint:errorlint // only its own message and hint are passed on
		known = e
	}
	if fault.Is(err, fault.Denied) {
		code = 126
	}
	return "", keeper.Missing(code, known.Error(), known.Hint)
}

func rlimits(all []container.Ulimit) []sandbox.Rlimit {
	limits := make([]sandbox.Rlimit, len(all))
	for i, u := range all {
		limits[i] = sandbox.Rlimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard}
	}
	return limits
}

// walls sets capabilities and the system call filter.
func (l *launch) walls(_ context.Context, cfg *sandbox.Config) (err error) {
	opts, err := parseSecurity(l.plan.SecurityOpt)
	if err != nil {
		return err
	}
	if cfg.Caps, err = sandbox.Capabilities(l.plan.CapAdd, l.plan.CapDrop, l.plan.Privileged); err != nil {
		return err
	}
	cfg.NoNewPrivs = opts.noNewPrivs
	cfg.Seccomp, err = l.w.filters.of(opts, cfg.Caps, l.plan.Privileged)
	if opts.systemPaths {
		cfg.Masked, cfg.ReadOnly = []string{}, []string{}
	}
	return err
}

// filters keeps compiled filters by capabilities.
type filters struct {
	mu   sync.Mutex
	made map[string][]byte
}

func (f *filters) of(opts security, caps []string, privileged bool) ([]byte, error) {
	if opts.profile != "" {
		text, err := os.ReadFile(opts.profile)
		if err != nil {
			return nil, fault.Wrap("read seccomp profile", opts.profile, err)
		}
		return sandbox.ParseSeccomp(text, caps)
	}
	if opts.unconfined || privileged {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.Join(caps, ",")
	if filter := f.made[key]; filter != nil {
		return filter, nil
	}
	filter, err := sandbox.Seccomp(caps)
	if err == nil {
		if f.made == nil {
			f.made = map[string][]byte{}
		}
		f.made[key] = filter
	}
	return filter, err
}

// namespaces says which are the container's own.
func (l *launch) namespaces(_ context.Context, cfg *sandbox.Config) error {
	for _, n := range []struct {
		mode string
		at   *sandbox.Namespace
	}{
		{l.plan.Network, &cfg.Net}, {l.plan.PidMode, &cfg.Pid}, {l.plan.IpcMode, &cfg.Ipc}, {l.plan.UtsMode, &cfg.Uts},
	} {
		id, joins := strings.CutPrefix(n.mode, "container:")
		switch {
		case joins:
			f, err := l.e.pidOf(id)
			if err != nil {
				return err
			}
			*n.at = sandbox.Namespace{Mode: sandbox.Join, File: l.use(f)}
		case n.mode == "host":
			n.at.Mode = sandbox.Host
		}
	}
	if err := l.ns.wait(); err != nil {
		return err
	}
	if l.netns != nil {
		cfg.Net.File = l.netns
	}
	if cfg.Uts.Mode == sandbox.Host {
		cfg.Hostname, cfg.Domainname = "", ""
	}
	if l.e.tree.Version() != "v2" {
		cfg.Cgroup.Mode = sandbox.Host // the mounts show only its own directories
	}
	return nil
}

// limits are the wish's, with the devices that the plan shows allowed.
func (l *launch) limits() (cgroup.Limits, error) {
	limits := l.wish.Limits
	if l.plan.Privileged {
		limits.Devices = cgroup.AllDevices()
		return limits, nil
	}
	if len(l.plan.Devices) > 0 {
		limits.Devices = cgroup.DefaultDevices()
	}
	for _, d := range l.plan.Devices {
		shown, err := device(d)
		if err != nil {
			return limits, err
		}
		limits.Devices = append(limits.Devices, cgroup.DeviceRule{
			Allow: true, Type: string(shown.Kind), Major: int64(shown.Major), Minor: int64(shown.Minor), Access: d.Access,
		})
	}
	return limits, nil
}

// devices shows host devices.
func (l *launch) devices(_ context.Context, cfg *sandbox.Config) error {
	if l.plan.Privileged { // it has them all
		return nil
	}
	for _, d := range l.plan.Devices {
		shown, err := device(d)
		if err != nil {
			return err
		}
		cfg.Devices = append(cfg.Devices, shown)
	}
	return nil
}

// device looks at a device of the host.
func device(d container.Device) (sandbox.Device, error) {
	var st unix.Stat_t
	if err := unix.Stat(d.Host, &st); err != nil {
		return sandbox.Device{}, fault.Wrap("use device", d.Host, err)
	}
	kind := 'c'
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFBLK:
		kind = 'b'
	case unix.S_IFCHR:
	default:
		return sandbox.Device{}, fault.New(fault.Invalid, "%s is not a device", d.Host)
	}
	major, minor := unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev)) //nolint:unconvert // uint32 elsewhere
	return sandbox.Device{
		Path: d.Container, Kind: kind, Major: major, Minor: minor, Mode: uint32(st.Mode & 0o777), UID: st.Uid, GID: st.Gid,
	}, nil
}

// ways are the open ways into a cgroup, and what is shown of it.
type ways struct {
	dir   *os.File // of v2
	joins []*os.File
	shown []sandbox.CgroupMount
}

func (w *ways) close() {
	closeAll(append([]*os.File{w.dir}, w.joins...))
	for _, m := range w.shown {
		_ = m.Source.Close()
	}
}

// makeGroup makes the cgroup and opens it, while the root is mounted.
func (l *launch) makeGroup(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	l.group = begin(func() error {
		limits, err := l.limits()
		if err != nil {
			return err
		}
		g := l.c.Group()
		err = g.Make(limits)
		if fault.Is(err, fault.Busy) { // a start that was broken off left it
			if err = emptyGroup(ctx, l.c); err == nil {
				err = g.Make(limits)
			}
		}
		if err != nil {
			return err
		}
		if err = l.openGroup(g); err != nil {
			l.ways.close()
			err = errors.Join(err, emptyGroup(ctx, l.c))
		}
		return err
	})
	l.undo.add(func() error {
		if l.group.wait() != nil {
			return nil
		}
		l.ways.close()
		return emptyGroup(ctx, l.c)
	})
}

func (l *launch) openGroup(g *cgroup.Group) (err error) {
	if l.ways.dir, err = g.Dir(); err != nil {
		return err
	}
	if l.ways.joins, err = g.Joins(); err != nil {
		return err
	}
	for _, m := range g.View().Mounts {
		f, err := sandbox.Bind(m.HostPath, sandbox.BindOptions{ReadOnly: !l.plan.Privileged})
		if err != nil {
			return fmt.Errorf("show cgroup %s: %w", m.Name, err)
		}
		l.ways.shown = append(l.ways.shown, sandbox.CgroupMount{Name: m.Name, Source: f})
	}
	return nil
}

// cgroups says how to get into the group, and what to show of it.
func (l *launch) cgroups(_ context.Context, cfg *sandbox.Config) error {
	if err := l.group.wait(); err != nil {
		return err
	}
	cfg.CgroupDir, cfg.Joins, cfg.CgroupMounts = l.ways.dir, l.ways.joins, l.ways.shown
	l.files = append(append(l.files, l.ways.dir), l.ways.joins...)
	for _, m := range l.ways.shown {
		l.use(m.Source)
	}
	view := l.c.Group().View()
	cfg.CgroupUnified = view.Unified
	for name, target := range view.Links {
		cfg.CgroupLinks = append(cfg.CgroupLinks, sandbox.CgroupLink{Name: name, Target: target})
	}
	return nil
}
