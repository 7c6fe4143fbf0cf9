package engine

import (
	"context"
	"net/netip"
	"path"
	"strings"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/port"
)

// Supply is where images come from. Its contracts are image.Images'.
type Supply interface {
	Find(ctx context.Context, ref string) (*image.Image, error)
	Get(ctx context.Context, ref string) (*image.Image, error)
	Pull(ctx context.Context, ref string, o image.PullOptions) (*image.Image, error)
}

// Want gives the image that is asked for, pulling it if it must. It is
// fault.Invalid if image or name are none.
func (s Spec) Want(ctx context.Context, from Supply) (*image.Image, error) {
	if s.Image == "" {
		return nil, fault.New(fault.Invalid, "an image is missing").WithHint(`name one: containers.run{ "box", "echo", "hi" }`)
	}
	if s.Name != "" {
		if err := container.ValidName(s.Name); err != nil {
			return nil, err
		}
	}
	switch s.Pull {
	case "", "missing":
		if img, err := from.Find(ctx, s.Image); err != nil || img != nil {
			return img, err
		}
	case "never":
		return from.Get(ctx, s.Image)
	case "always":
	default:
		return nil, fault.New(fault.Invalid, "pull is %q, and must be missing, always or never", s.Pull)
	}
	return from.Pull(ctx, s.Image, image.PullOptions{})
}

// Surroundings are what a plan may refer to: other containers and networks, by
// their names or ids. What is not there is fault.NotFound.
type Surroundings interface {
	Container(ref string) (*container.Plan, error)
	Network(ctx context.Context, ref string) (name string, err error)
}

// Drawing is what a plan is drawn with besides what is asked.
type Drawing struct {
	ID     string // of the new container
	Now    time.Time
	Around Surroundings
}

// Draw merges what is asked with what the image says, and checks it all. It
// makes nothing.
func Draw(ctx context.Context, s Spec, img *image.Image, d Drawing) (*container.Plan, *container.Wish, error) {
	p := &container.Plan{
		ID: d.ID, Created: d.Now.UTC(), Image: s.Image, ImageID: img.ID,
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
		d.process, d.limits, d.modes, d.ports, d.mounts,
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

func (d Drawing) process(_ context.Context, s Spec, img *image.Image, p *container.Plan, _ *container.Wish) error {
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

func (d Drawing) limits(_ context.Context, s Spec, _ *image.Image, p *container.Plan, w *container.Wish) (err error) {
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
func (d Drawing) modes(ctx context.Context, s Spec, _ *image.Image, p *container.Plan, _ *container.Wish) (err error) {
	if p.Network, err = d.mode(s.Network, "network"); err != nil {
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
		if p.Network, err = d.Around.Network(ctx, p.Network); err != nil {
			return err
		}
	}
	if p.PidMode, err = d.mode(s.Pid, "pid"); err != nil {
		return err
	}
	if p.IpcMode, err = d.mode(s.Ipc, "ipc"); err != nil {
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

func (d Drawing) mode(text, option string) (string, error) {
	ref, found := strings.CutPrefix(text, "container:")
	if !found {
		if option != "network" && text != "" && text != "host" && text != "private" {
			return "", fault.New(fault.Invalid, "%s is %q, and must be host, private or container:NAME", option, text)
		}
		return strings.TrimPrefix(text, "private"), nil
	}
	other, err := d.Around.Container(ref)
	if err != nil {
		return "", err
	}
	return "container:" + other.ID, nil
}

func (d Drawing) ports(_ context.Context, s Spec, img *image.Image, p *container.Plan, w *container.Wish) error {
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
			w.Publish = append(w.Publish, PortOf(spec))
		}
	}
	p.Exposed = sortedPorts(exposed)
	return nil
}
