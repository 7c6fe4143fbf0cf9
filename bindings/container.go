package bindings

import (
	"context"
	"strconv"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/engine"
)

// fact is a property that is read from one look.
func fact[T any](name string, k bind.Kind[T], doc string, of func(*engine.View) T) bind.Field[*box] {
	return bind.Get(name, k, doc, func(ctx context.Context, b *box) (t T, err error) {
		if err := foresee(ctx, b.Container, name); err != nil {
			return t, err
		}
		v, err := b.look(ctx)
		if err != nil {
			return t, err
		}
		return of(v), nil
	})
}

// noted is a fact that lists know without a look at each container.
func noted[T any](name string, k bind.Kind[T], doc string, of func(*container.Brief) T) bind.Field[*box] {
	return glanced(name, k, doc, false, of)
}

// lasting is one that is still told when the container is gone.
func lasting[T any](name string, k bind.Kind[T], doc string, of func(*container.Brief) T) bind.Field[*box] {
	return glanced(name, k, doc, true, of)
}

func glanced[T any](name string, k bind.Kind[T], doc string, lasts bool, of func(*container.Brief) T) bind.Field[*box] {
	return bind.Get(name, k, doc, func(ctx context.Context, b *box) (t T, err error) {
		if err := foresee(ctx, b.Container, name); err != nil {
			return t, err
		}
		brief, err := b.glance(ctx, lasts)
		if err != nil {
			return t, err
		}
		return of(brief), nil
	})
}

func (d *doors) fillContainer() {
	k := d.container
	k.Text = func(b *box) string { return b.name() + " (" + container.Short(b.ID()) + ")" }
	k.Same = func(a, b *box) bool { return a.ID() == b.ID() }
	k.Find = d.getContainer
	k.Hints = map[string]string{
		"status": "state", "cmd": "command", "code": "exit_code", "ip_address": "ip", "image_name": "image", "names": "name",
		"volumes": "mounts", "restarts": "restart_count", "started_at": "started", "finished_at": "finished", "rm": "remove()", "delete": "remove()",
	}
	k.Columns = []string{"name", "short_id", "image", "state", "created", "ports", "ip"}
	k.Bulk = []string{
		"start", "stop", "restart", "kill", "pause", "unpause", "wait", "update", "exec", "remove", "protect", "unprotect",
	}
	k.Fields = append(stateFacts(d.Now), planFacts()...)
	k.Fields = append(k.Fields,
		bind.Get("used_by", bind.Strings, "containers that took volumes or namespaces from it", func(ctx context.Context, b *box) ([]string, error) {
			if _, err := b.look(ctx); err != nil {
				return nil, err
			}
			return b.UsedBy(ctx)
		}),
		bind.Get("log_path", bind.String, "the file of its output", func(ctx context.Context, b *box) (string, error) {
			i, err := b.Inspect(ctx)
			if err != nil {
				return "", b.said(ctx, err)
			}
			return i.LogPath, nil
		}),
		bind.Get("cgroup", bind.Maybe(bind.String), "the directory of its cgroup, while it has one", func(ctx context.Context, b *box) (string, error) {
			if _, err := b.look(ctx); err != nil {
				return "", err
			}
			return b.Container.Cgroup(ctx)
		}),
	)
	k.Extra = filterFacts()
	k.Moment = d.together
	k.Acts = func() []bind.Method[*box] { return append(d.lifeActs(), append(d.insideActs(), readActs()...)...) }
}

// stateFacts are what changes in a container's life.
func stateFacts(now func() time.Time) []bind.Field[*box] {
	return []bind.Field[*box]{
		bind.Plain("id", bind.String, "its full id: 64 hex digits", (*box).ID),
		bind.Plain("short_id", bind.String, "the first twelve digits", func(b *box) string { return container.Short(b.ID()) }),
		lasting("name", bind.String, "its name", func(b *container.Brief) string { return b.Name }),
		lasting("image", bind.String, "the image it was made from, as it was asked for", func(b *container.Brief) string { return b.Image }),
		noted("image_id", bind.String, "the id of that image", func(b *container.Brief) string { return b.ImageID }),
		lasting("state", states(), "what it does now", func(b *container.Brief) string { return string(b.State) }),
		lasting("exit_code", bind.Ptr(bind.Int), "what it ended with; nil while it lives, before it ran, and if nobody saw it", exitCode),
		fact("oom_killed", bind.Bool, "whether it was killed for want of memory", func(v *engine.View) bool { return v.Last.OOM }),
		fact("error", bind.Maybe(bind.String), "why it is dead or did not start", func(v *engine.View) string { return v.Error }),
		noted("pid", bind.Maybe(bind.Int), "the first process, on the host", func(b *container.Brief) int { return b.Pid }),
		noted("created", bind.Time, "when it was made", func(b *container.Brief) time.Time { return b.Created }),
		noted("started", bind.Time, "when it was last started", func(b *container.Brief) time.Time { return b.Started }),
		noted("finished", bind.Time, "when it last ended", finishedAt),
		noted("uptime", bind.Ptr(bind.Duration), "for how long it has lived", func(b *container.Brief) *time.Duration {
			if !b.Living() {
				return nil
			}
			d := now().Sub(b.Since)
			return &d
		}),
		noted("restart_count", bind.Int, "how often its policy started it since a user did", func(b *container.Brief) int { return b.Restarts }),
		fact("restart_policy", bind.String, "what follows its end", func(v *engine.View) string { return policyShown(v.Wish.Restart) }),
		fact("protected", bind.Bool, "whether removing it is refused", func(v *engine.View) bool { return v.Wish.Protect }),
		fact("limits", bind.Any, "how much it may use; what has no limit is not there", func(v *engine.View) any { return limitsShown(v.Wish.Limits) }),
		noted("ip", bind.Maybe(bind.String), "its address, while it lives", func(b *container.Brief) string { return b.IP }),
		fact("networks", bind.Strings, "the networks it is on", networkNames),
		noted("ports", bind.Any, "its published ports: { container_port, protocol, host_ip, host_port } each", portsShown).Shown(briefly(publications)),
	}
}

// planFacts are what was asked for when it was made.
func planFacts() []bind.Field[*box] {
	return []bind.Field[*box]{
		fact("labels", bind.Map, "its labels", func(v *engine.View) map[string]string { return v.Plan.Labels }),
		fact("env", bind.Map, "its environment", func(v *engine.View) map[string]string { return pairs(v.Plan.Env) }),
		noted("command", bind.Strings, "the arguments of its entrypoint, or the program if there is none", func(b *container.Brief) []string { return b.Cmd }).
			Shown(briefly(func(b *container.Brief) []string { return words(b.Cmd) })),
		noted("entrypoint", bind.Strings, "the program before its command", func(b *container.Brief) []string { return b.Entrypoint }).
			Shown(briefly(func(b *container.Brief) []string { return words(b.Entrypoint) })),
		fact("user", bind.Maybe(bind.String), "as whom it runs; nil is root", func(v *engine.View) string { return v.Plan.User }),
		fact("workdir", bind.String, "the directory it starts in", func(v *engine.View) string { return orElse(v.Plan.Workdir, "/") }),
		fact("tty", bind.Bool, "whether it has a terminal", func(v *engine.View) bool { return v.Plan.Tty }),
		fact("interactive", bind.Bool, "whether its input stays open", func(v *engine.View) bool { return v.Plan.Interactive }),
		fact("mounts", bind.Any, "what is mounted: { type, name, source, target, read_only, anonymous, from } each", mountsShown).Shown(mountTexts),
	}
}

// filterFacts are what only filters ask.
func filterFacts() []bind.Field[*box] {
	return []bind.Field[*box]{
		fact("label", bind.Map, "a label, or labels that must all be there", func(v *engine.View) map[string]string { return v.Plan.Labels }),
		fact("network", bind.Strings, "a network it is on", networkNames),
		fact("volume", bind.Strings, "a volume it has, or the path of one", volumeNames),
		fact("publish", bind.Strings, `a port it publishes: "8888", or "80/tcp"`, portNames),
		fact("ancestor", bind.Strings, "the image it was made from, by name or id", func(v *engine.View) []string {
			return []string{v.Plan.Image, v.Plan.ImageID, shortDigest(v.Plan.ImageID)}
		}),
	}
}

func states() bind.Kind[string] {
	var words []string
	for _, s := range append(container.States(), container.Removed) {
		words = append(words, string(s))
	}
	return bind.OneOf(words...)
}

func exitCode(b *container.Brief) *int {
	if b.Living() || b.Starts == 0 || b.Unknown {
		return nil
	}
	return &b.Code
}

func finishedAt(b *container.Brief) time.Time {
	if b.Living() {
		return time.Time{}
	}
	return b.Ends
}

func networkNames(v *engine.View) []string {
	if v.Facts == nil || len(v.Facts.Network) == 0 {
		return []string{v.Plan.Network}
	}
	names := make([]string, len(v.Facts.Network))
	for i, e := range v.Facts.Network {
		names[i] = e.Network
	}
	return names
}

func volumeNames(v *engine.View) (names []string) {
	for _, m := range v.Plan.Mounts {
		names = append(names, m.Target)
		if source := orElse(m.Name, m.Source); source != "" {
			names = append(names, source)
		}
	}
	return names
}

func published(v *engine.View) []container.Port {
	if v.Facts == nil {
		return v.Wish.Publish
	}
	return v.Facts.Ports
}

func portNames(v *engine.View) (names []string) {
	for _, p := range published(v) {
		names = append(names, strconv.Itoa(int(p.ContainerPort)), strconv.Itoa(int(p.ContainerPort))+"/"+p.Protocol)
		if p.HostPort != 0 {
			names = append(names, strconv.Itoa(int(p.HostPort)), strconv.Itoa(int(p.HostPort))+"/"+p.Protocol)
		}
	}
	return names
}

func portsShown(b *container.Brief) any {
	all := []any{}
	for _, p := range b.Ports {
		all = append(all, map[string]any{
			"container_port": int(p.ContainerPort), "protocol": p.Protocol, "host_ip": p.HostIP, "host_port": int(p.HostPort),
		})
	}
	return all
}

// briefly says a fact to people from what lists know.
func briefly(of func(*container.Brief) []string) func(context.Context, *box) ([]string, error) {
	return func(ctx context.Context, b *box) ([]string, error) {
		brief, err := b.glance(ctx, false)
		if err != nil {
			return nil, err
		}
		return of(brief), nil
	}
}

// words is an argv as a line for people.
func words(argv []string) []string {
	if len(argv) == 0 {
		return nil
	}
	return []string{strings.Join(argv, " ")}
}

func publications(b *container.Brief) (all []string) {
	for _, p := range b.Ports {
		all = append(all, publication(p))
	}
	return all
}

func mountTexts(ctx context.Context, b *box) (all []string, err error) {
	v, err := b.look(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range v.Plan.Mounts {
		all = append(all, orElse(orElse(m.Name, m.Source), m.Kind)+":"+m.Target)
	}
	return all, nil
}

func mountsShown(v *engine.View) any {
	all := []any{}
	for _, m := range v.Plan.Mounts {
		one := map[string]any{"type": m.Kind, "target": m.Target, "read_only": m.ReadOnly, "anonymous": m.Anonymous}
		for key, text := range map[string]string{"name": m.Name, "source": m.Source, "options": m.Options, "from": m.From} {
			if text != "" {
				one[key] = text
			}
		}
		all = append(all, one)
	}
	return all
}

func limitsShown(l cgroup.Limits) map[string]any {
	shown := map[string]any{}
	for key, n := range map[string]int64{
		"memory": l.Memory, "memory_swap": l.MemorySwap, "memory_reservation": l.MemoryReservation,
		"cpu_quota": l.CPUQuota, "cpu_period": l.CPUPeriod, "cpu_shares": l.CPUShares,
		"pids_limit": l.Pids, "blkio_weight": int64(l.BlkioWeight),
	} {
		if n != 0 {
			shown[key] = n
		}
	}
	if l.NanoCPUs != 0 {
		shown["cpus"] = float64(l.NanoCPUs) / 1e9
	}
	for key, text := range map[string]string{"cpuset_cpus": l.CpusetCpus, "cpuset_mems": l.CpusetMems} {
		if text != "" {
			shown[key] = text
		}
	}
	if l.Swappiness != nil {
		shown["memory_swappiness"] = int64(*l.Swappiness)
	}
	return shown
}

// pairs is K=V texts as a map.
func pairs(all []string) map[string]string {
	m := make(map[string]string, len(all))
	for _, p := range all {
		k, v, _ := strings.Cut(p, "=")
		m[k] = v
	}
	return m
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// shortDigest is the first twelve digits of sha256:….
func shortDigest(id string) string {
	_, digits, found := strings.Cut(id, ":")
	if !found {
		digits = id
	}
	return digits[:min(12, len(digits))]
}
