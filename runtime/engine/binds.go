package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/rootfs"
	"neap/runtime/sandbox"
	"neap/runtime/store"
)

// mounts makes each mount of the plan ready, detached.
func (l *launch) mounts(ctx context.Context, cfg *sandbox.Config) error {
	for _, m := range l.plan.Mounts {
		made, err := l.mount(ctx, m)
		if err != nil {
			return fault.Wrap("mount", m.Target, err)
		}
		cfg.Mounts = append(cfg.Mounts, made)
	}
	return l.etc(cfg)
}

func (l *launch) mount(ctx context.Context, m container.Mount) (sandbox.Mount, error) {
	if m.Kind == "tmpfs" {
		return tmpfs(m)
	}
	var source *os.File
	var err error
	if m.Kind == "volume" {
		source, err = l.volume(ctx, m)
	} else {
		source, err = bindSource(m)
	}
	if err != nil {
		return sandbox.Mount{}, err
	}
	defer source.Close()
	if err := relabel(m); err != nil {
		return sandbox.Mount{}, err
	}
	f, err := sandbox.BindFile(source, sandbox.BindOptions{
		ReadOnly: m.ReadOnly, Recursive: m.Kind == "bind" && !m.NonRecursive, Propagation: m.Propagation,
	})
	if err != nil {
		return sandbox.Mount{}, err
	}
	return sandbox.Mount{Source: l.use(f), Type: "bind", Target: m.Target}, nil
}

// bindSource opens what a bind shows: the host's own path, made as a directory
// if nothing is there, as Docker's -v does.
func bindSource(m container.Mount) (*os.File, error) {
	f, err := os.OpenFile(m.Source, unix.O_PATH, 0)
	if !errors.Is(err, fs.ErrNotExist) || !m.Create {
		return f, err
	}
	if err := os.MkdirAll(m.Source, 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(m.Source, unix.O_PATH, 0)
}

// volume opens a volume's data, filled from the image at its first use.
func (l *launch) volume(ctx context.Context, m container.Mount) (*os.File, error) {
	if !m.NoCopy {
		if err := l.e.Volumes.Fill(ctx, m.Name, func(data *os.File) error { return l.copyUp(m.Target, data) }); err != nil {
			return nil, err
		}
	}
	return l.e.Volumes.Data(m.Name)
}

func (l *launch) copyUp(target string, data *os.File) error {
	from, err := rootfs.OpenIn(l.root, target, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	return rootfs.CopyUp(from, data)
}

// tmpfs reads the options of a --tmpfs: what mount(8) takes for tmpfs, with
// Docker's defaults noexec, nosuid and nodev.
func tmpfs(m container.Mount) (sandbox.Mount, error) {
	flags := map[string]uint64{
		"noexec": unix.MOUNT_ATTR_NOEXEC, "nosuid": unix.MOUNT_ATTR_NOSUID, "nodev": unix.MOUNT_ATTR_NODEV,
		"ro": unix.MOUNT_ATTR_RDONLY, "noatime": unix.MOUNT_ATTR_NOATIME,
	}
	clear := map[string]uint64{
		"exec": unix.MOUNT_ATTR_NOEXEC, "suid": unix.MOUNT_ATTR_NOSUID, "dev": unix.MOUNT_ATTR_NODEV, "rw": unix.MOUNT_ATTR_RDONLY,
	}
	attrs := uint64(unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
	var data []string
	for _, option := range strings.Split(m.Options, ",") {
		switch name, _, _ := strings.Cut(option, "="); {
		case option == "":
		case flags[option] != 0:
			attrs |= flags[option]
		case clear[option] != 0:
			attrs &^= clear[option]
		case name == "size" || name == "mode" || name == "uid" || name == "gid" || name == "nr_inodes" || name == "nr_blocks":
			data = append(data, option)
		default:
			return sandbox.Mount{}, fault.New(fault.Invalid, "tmpfs option %q is not known", option).
				WithHint("there are size mode uid gid nr_inodes nr_blocks, and exec suid dev ro noatime with their opposites")
		}
	}
	if m.ReadOnly {
		attrs |= unix.MOUNT_ATTR_RDONLY
	}
	return sandbox.Mount{Type: "tmpfs", Target: m.Target, Data: strings.Join(data, ","), Flags: attrs}, nil
}

// etcFiles are made by neap and shown in /etc, unless the user mounts there.
func etcFiles() []string { return []string{"hostname", "hosts", "resolv.conf"} }

// etc writes and shows hostname, hosts and resolv.conf. They are made anew by
// each start, so they lie in the tree that ends with the boot. hosts is
// completed when the addresses are known.
func (l *launch) etc(cfg *sandbox.Config) error {
	dir, err := l.c.Run()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.MkdirAll("etc", 0o755); err != nil {
		return err
	}
	content := map[string]string{
		"hostname": l.plan.Hostname + "\n", "hosts": hosts(l.plan, nil), "resolv.conf": resolvConf(l.plan),
	}
	for _, name := range etcFiles() {
		if mounted(l.plan.Mounts, "/etc/"+name) {
			continue
		}
		if err := dir.Write("etc/"+name, []byte(content[name]), 0o644, store.Quick); err != nil {
			return err
		}
		if err := mountPoint(l.root, "/etc/"+name); err != nil {
			return err
		}
		f, err := sandbox.Bind(dir.Join("etc", name), sandbox.BindOptions{})
		if err != nil {
			return err
		}
		cfg.Mounts = append(cfg.Mounts, sandbox.Mount{Source: l.use(f), Type: "bind", Target: "/etc/" + name})
	}
	return nil
}

// mountPoint makes a file to mount on, in images taken from hosts at the end of
// a link to nothing.
func mountPoint(root *os.File, name string) error {
	point, err := rootfs.PointIn(root, name)
	if err != nil {
		return fault.New(fault.Invalid, "mount point %s: %v", name, err)
	}
	return point.Close()
}

func mounted(all []container.Mount, target string) bool {
	for _, m := range all {
		if m.Target == target || m.Target == path.Dir(target) {
			return true
		}
	}
	return false
}

// name completes hosts with the addresses. The file is shown already, so it is
// written in place.
func (l *launch) name(context.Context) error {
	if len(l.facts.Network) == 0 || mounted(l.plan.Mounts, "/etc/hosts") {
		return nil
	}
	return os.WriteFile(l.c.RunPath("etc", "hosts"), []byte(hosts(l.plan, l.facts.Network)), 0o644)
}

func hosts(p *container.Plan, network []container.Endpoint) string {
	var b strings.Builder
	b.WriteString("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
	for _, line := range p.Hosts {
		name, to, _ := strings.Cut(line, ":")
		if to == "host-gateway" {
			if len(network) == 0 {
				continue
			}
			to = network[0].Gateway
		}
		fmt.Fprintf(&b, "%s\t%s\n", to, name)
	}
	for _, ep := range network {
		names := p.Hostname
		if p.Domainname != "" {
			names = p.Hostname + "." + p.Domainname + " " + p.Hostname
		}
		fmt.Fprintf(&b, "%s\t%s\n", ep.IP, strings.Join(append([]string{names}, p.Aliases...), " "))
	}
	return b.String()
}

// hostResolv is where a host says which resolvers it asks; systemd-resolved
// has the real ones in the second.
func hostResolv() []string { return []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} }

// resolvConf is the host's resolvers, without those on its loopback, which a
// network of the container's own does not reach; or those that were given.
func resolvConf(p *container.Plan) string {
	var servers, search, options []string
	for _, file := range hostResolv() {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		servers, search, options = readResolv(string(text), p.Network != "host")
		if len(servers) > 0 {
			break
		}
	}
	if len(p.DNS) > 0 {
		servers = p.DNS
	}
	if len(p.DNSSearch) > 0 {
		search = p.DNSSearch
	}
	if len(p.DNSOptions) > 0 {
		options = p.DNSOptions
	}
	var b strings.Builder
	for _, s := range servers {
		fmt.Fprintf(&b, "nameserver %s\n", s)
	}
	if len(search) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(search, " "))
	}
	if len(options) > 0 {
		fmt.Fprintf(&b, "options %s\n", strings.Join(options, " "))
	}
	return b.String()
}

func readResolv(text string, noLoopback bool) (servers, search, options []string) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			ip, err := netip.ParseAddr(words[1])
			if err == nil && (!noLoopback || !ip.IsLoopback()) {
				servers = append(servers, words[1])
			}
		case "search":
			search = words[1:]
		case "options":
			options = words[1:]
		}
	}
	return servers, search, options
}
