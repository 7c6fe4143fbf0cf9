package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/port"
)

// Create makes a container without starting it. An image that is not there is
// pulled unless Pull is "never". On error nothing is left.
func (e *Engine) Create(ctx context.Context, s Spec) (*Container, error) {
	c, err := e.create(ctx, s)
	if err != nil {
		object := s.Name
		if object == "" {
			object = s.Image
		}
		return nil, fault.Wrap("create container", object, err)
	}
	return c, nil
}

func (e *Engine) create(ctx context.Context, s Spec) (*Container, error) {
	if s.Image == "" {
		return nil, fault.New(fault.Invalid, "an image is missing").WithHint(`name one: containers.run{ "box", "echo", "hi" }`)
	}
	if s.Name != "" {
		if err := container.ValidName(s.Name); err != nil {
			return nil, err
		}
	}
	img, err := e.want(ctx, s.Image, s.Pull)
	if err != nil {
		return nil, err
	}
	release, err := e.Images.Hold(ctx, img)
	if err != nil {
		return nil, err
	}
	defer func() { _ = release() }()
	plan, wish, err := e.plan(ctx, s, img)
	if err != nil {
		return nil, err
	}
	if err := e.commit(ctx, plan, wish, s.Name == ""); err != nil {
		return nil, err
	}
	return e.With(plan.ID), nil
}

// want gives the image, pulling it if it must.
func (e *Engine) want(ctx context.Context, ref, pull string) (*image.Image, error) {
	switch pull {
	case "", "missing":
		if img, err := e.Images.Find(ctx, ref); err != nil || img != nil {
			return img, err
		}
	case "never":
		return e.Images.Get(ctx, ref)
	case "always":
	default:
		return nil, fault.New(fault.Invalid, "pull is %q, and must be missing, always or never", pull)
	}
	return e.Images.Pull(ctx, ref, image.PullOptions{})
}

// plan merges what is asked with what the image says, and checks it all.
func (e *Engine) plan(ctx context.Context, s Spec, img *image.Image) (*container.Plan, *container.Wish, error) {
	p := &container.Plan{
		ID: e.opt.ID(), Created: e.opt.Clock().UTC(), Image: s.Image, ImageID: img.ID,
		Env: mergeEnv(img.Config.Env, s.Env), User: first(s.User, img.Config.User), Groups: s.GroupAdd,
		Hostname: s.Hostname, Domainname: s.Domainname,
		Tty: s.Tty, Interactive: s.Interactive, Init: s.Init, ReadOnly: s.ReadOnly, AutoRemove: s.Rm, Privileged: s.Privileged,
		Labels: mergeLabels(img.Config.Labels, s.Labels), StopSignal: first(s.StopSignal, img.Config.StopSignal),
		VolumesFrom: s.VolumesFrom, Binds: s.Volumes,
		IP: s.IP, Aliases: s.Aliases, DNS: s.DNS, DNSSearch: s.DNSSearch, DNSOptions: s.DNSOptions,
		Hosts: s.AddHost, PublishAll: s.PublishAll,
		CapAdd: s.CapAdd, CapDrop: s.CapDrop, SecurityOpt: s.SecurityOpt, Sysctls: s.Sysctls,
		ShmSize: s.ShmSize, OOMScoreAdj: s.OOMScoreAdj,
	}
	p.Entrypoint, p.Cmd = command(s, img.Config)
	if len(p.Entrypoint)+len(p.Cmd) == 0 {
		return nil, nil, fault.New(fault.Invalid, "the image %s has no command of its own", s.Image).WithHint("say what to run")
	}
	w := &container.Wish{Name: s.Name, Limits: s.Limits, Restart: s.Restart, Protect: s.Protect}
	for _, fill := range []func(context.Context, Spec, *image.Image, *container.Plan, *container.Wish) error{
		e.planProcess, e.planLimits, e.planModes, e.planPorts, e.planMounts,
	} {
		if err := fill(ctx, s, img, p, w); err != nil {
			return nil, nil, err
		}
	}
	return p, w, nil
}

// command is the image's entry point and command with what replaces them: a
// given entry point drops the image's command.
func command(s Spec, c image.Config) (entrypoint, cmd []string) {
	entrypoint, cmd = c.Entrypoint, c.Cmd
	if s.Entrypoint != nil {
		entrypoint, cmd = *s.Entrypoint, nil
	}
	if len(s.Argv) > 0 {
		cmd = s.Argv
	}
	return entrypoint, cmd
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func mergeLabels(a, b map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// defaultPath is Docker's.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// mergeEnv puts later entries in the place of earlier ones of the same name.
func mergeEnv(image, given []string) []string {
	var env []string
	at := map[string]int{}
	for _, kv := range append([]string{defaultPath}, append(append([]string{}, image...), given...)...) {
		key, _, _ := strings.Cut(kv, "=")
		if i, known := at[key]; known {
			env[i] = kv
			continue
		}
		at[key] = len(env)
		env = append(env, kv)
	}
	return env
}

func (e *Engine) planProcess(_ context.Context, s Spec, img *image.Image, p *container.Plan, _ *container.Wish) error {
	for _, text := range append(append(append([]string{}, p.Env...), p.Entrypoint...), p.Cmd...) {
		if strings.ContainsRune(text, 0) {
			return fault.New(fault.Invalid, "an argument or environment entry contains a zero byte")
		}
	}
	for _, kv := range s.Env {
		if k, _, found := strings.Cut(kv, "="); !found || k == "" {
			return fault.New(fault.Invalid, "env %q is not of the form NAME=VALUE", kv)
		}
	}
	p.Workdir = path.Join("/", first(s.Workdir, img.Config.Workdir))
	if s.Workdir != "" && !path.IsAbs(s.Workdir) {
		return fault.New(fault.Invalid, "workdir %q is not absolute", s.Workdir)
	}
	if p.Hostname == "" {
		p.Hostname = container.Short(p.ID)
	}
	if !validHost(p.Hostname) || (p.Domainname != "" && !validHost(p.Domainname)) {
		return fault.New(fault.Invalid, "hostname %q: letters, digits, dots and dashes, at most 63", p.Hostname)
	}
	if p.StopSignal != "" {
		if _, err := Signal(p.StopSignal); err != nil {
			if s.StopSignal != "" {
				return err
			}
			p.StopSignal = "" // an image's nonsense
		}
	}
	if s.StopTimeout != nil {
		seconds := s.StopTimeout.Seconds()
		p.StopTimeout = &seconds
	}
	return validPolicy(s)
}

func validHost(name string) bool {
	return len(name) <= 63 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == ""
}

func validPolicy(s Spec) error {
	switch s.Restart.Name {
	case "", container.No:
		return nil
	case container.OnFailure, container.Always, container.UnlessStopped:
	default:
		return fault.New(fault.Invalid, "restart is %q, and must be no, on-failure[:N], always or unless-stopped", s.Restart.Name)
	}
	if s.Rm {
		return fault.New(fault.Invalid, "a container that is removed at its end (rm) cannot have a restart policy")
	}
	if s.Restart.Max < 0 || (s.Restart.Max > 0 && s.Restart.Name != container.OnFailure) {
		return fault.New(fault.Invalid, "only the restart policy on-failure takes a number, of 1 or more")
	}
	return nil
}

func (e *Engine) planLimits(_ context.Context, s Spec, _ *image.Image, p *container.Plan, w *container.Wish) (err error) {
	if err := w.Limits.Check(); err != nil {
		return err
	}
	if p.Ulimits, err = parseUlimits(s.Ulimits); err != nil {
		return err
	}
	if p.Devices, err = parseDevices(s.Devices); err != nil {
		return err
	}
	return checkSecurity(s)
}

// planModes resolves what refers to other containers to their ids.
func (e *Engine) planModes(ctx context.Context, s Spec, _ *image.Image, p *container.Plan, _ *container.Wish) (err error) {
	if p.Network, err = e.mode(s.Network, "network"); err != nil {
		return err
	}
	switch {
	case p.Network == "":
		p.Network = "bridge"
	case p.Network == "host", p.Network == "none", strings.HasPrefix(p.Network, "container:"):
		if len(s.Publish) > 0 || s.IP != "" {
			return fault.New(fault.Invalid, "network %q has no ports or addresses of the container's own", s.Network)
		}
	default:
		n, err := e.Networks.Get(ctx, p.Network)
		if err != nil {
			return err
		}
		p.Network = n.Name
	}
	if p.PidMode, err = e.mode(s.Pid, "pid"); err != nil {
		return err
	}
	if p.IpcMode, err = e.mode(s.Ipc, "ipc"); err != nil {
		return err
	}
	if s.Uts != "" && s.Uts != "host" {
		return fault.New(fault.Invalid, "uts is %q, and can only be host", s.Uts)
	}
	p.UtsMode = s.Uts
	for _, address := range append(append([]string{}, s.DNS...), withoutEmpty(s.IP)...) {
		if _, err := netip.ParseAddr(address); err != nil {
			return fault.New(fault.Invalid, "%q is not an IP address", address)
		}
	}
	return checkHosts(s.AddHost)
}

func withoutEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func checkHosts(hosts []string) error {
	for _, h := range hosts {
		name, address, found := strings.Cut(h, ":")
		_, err := netip.ParseAddr(address)
		if !found || !validHost(name) || (err != nil && address != "host-gateway") {
			return fault.New(fault.Invalid, "add_host %q is not of the form NAME:ADDRESS", h)
		}
	}
	return nil
}

func (e *Engine) mode(text, option string) (string, error) {
	ref, found := strings.CutPrefix(text, "container:")
	if !found {
		if option != "network" && text != "" && text != "host" && text != "private" {
			return "", fault.New(fault.Invalid, "%s is %q, and must be host, private or container:NAME", option, text)
		}
		return strings.TrimPrefix(text, "private"), nil
	}
	other, err := e.Get(ref)
	if err != nil {
		return "", err
	}
	return "container:" + other.ID(), nil
}

func (e *Engine) planPorts(_ context.Context, s Spec, img *image.Image, p *container.Plan, w *container.Wish) error {
	exposed := map[string]bool{}
	for _, text := range append(append([]string{}, img.Config.ExposedPorts...), s.Expose...) {
		specs, err := port.Parse(text)
		if err != nil {
			return err
		}
		for _, spec := range specs {
			exposed[spec.Inside()] = true
		}
	}
	for _, text := range s.Publish {
		specs, err := port.Parse(text)
		if err != nil {
			return err
		}
		for _, spec := range specs {
			exposed[spec.Inside()] = true
			w.Publish = append(w.Publish, portOf(spec))
		}
	}
	p.Exposed = sortedPorts(exposed)
	return nil
}

// commit claims the name and the volumes and shows the container.
func (e *Engine) commit(ctx context.Context, p *container.Plan, w *container.Wish, unnamed bool) (err error) {
	d, err := e.containers.Draft(ctx, p.ID)
	if err != nil {
		return err
	}
	var undo undo
	defer func() { err = undo.run(err) }()
	undo.add(d.Abandon)
	if err := e.takeName(d.Container, w, unnamed, &undo); err != nil {
		return err
	}
	if err := e.takeVolumes(ctx, p, &undo); err != nil {
		return err
	}
	if err := d.Commit(p, w); err != nil {
		return err
	}
	undo.keep()
	return nil
}

func (e *Engine) takeName(c *container.Container, w *container.Wish, unnamed bool, undo *undo) error {
	for try := 0; ; try++ {
		if unnamed {
			w.Name = madeUpName(e.opt.ID(), try)
		}
		err := e.containers.TakeName(w.Name, c.ID)
		if unnamed && fault.Is(err, fault.Exists) && try < 20 {
			continue
		}
		if err != nil {
			return err
		}
		undo.add(func() error { return e.containers.DropName(w.Name, c.ID) })
		return nil
	}
}

// undo is what takes back, in reverse, what was made so far.
type undo struct{ steps []func() error }

func (u *undo) add(step func() error) { u.steps = append(u.steps, step) }
func (u *undo) keep()                 { u.steps = nil }

// run undoes all unless keep was called, and joins what goes wrong to err.
func (u *undo) run(err error) error {
	for i := len(u.steps) - 1; i >= 0; i-- {
		if wrong := u.steps[i](); wrong != nil {
			err = errors.Join(err, fmt.Errorf("undo: %w", wrong))
		}
	}
	u.steps = nil
	return err
}
