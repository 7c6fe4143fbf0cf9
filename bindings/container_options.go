package bindings

import (
	"time"

	"neap/lua/bind"
	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/engine"
)

// specKeys are the options of a new container, in a struct S that holds them.
func specKeys[S any](d *doors, at func(*S) *engine.Spec) (all []bind.Key[S]) {
	for _, group := range [][]bind.Key[S]{
		identityKeys(at), processKeys(at), mountKeys(d, at), networkKeys(d, at),
		limitKeys(func(s *S) *cgroup.Limits { return &at(s).Limits }), wallKeys(at), lifeKeys(at),
	} {
		all = append(all, group...)
	}
	return all
}

// identityKeys say who it is.
func identityKeys[S any](at func(*S) *engine.Spec) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("name", bind.Text, "its name; made up if left out", func(s *S) *string { return &at(s).Name }),
		bind.K("hostname", bind.Text, "its host name; the short id if left out", func(s *S) *string { return &at(s).Hostname }),
		bind.K("domainname", bind.Text, "its domain", func(s *S) *string { return &at(s).Domainname }),
		bind.K("label", bind.Map, "labels", func(s *S) *map[string]string { return &at(s).Labels }),
		bind.K("pull", bind.OneOf("missing", "always", "never"), "when to get the image from its registry", func(s *S) *string { return &at(s).Pull }),
	}
}

// processKeys say what runs, and as whom.
func processKeys[S any](at func(*S) *engine.Spec) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("entrypoint", entrypoint, "the program, instead of the image's; an empty text for none", func(s *S) **[]string { return &at(s).Entrypoint }),
		bind.K("env", bind.Pairs, "environment: K=V", func(s *S) *[]string { return &at(s).Env }),
		bind.K("workdir", bind.Text, "the directory it starts in", func(s *S) *string { return &at(s).Workdir }),
		bind.K("user", bind.Text, "as whom it runs: a name or number, with :group if wanted", func(s *S) *string { return &at(s).User }),
		bind.K("group_add", bind.Strings, "further groups", func(s *S) *[]string { return &at(s).GroupAdd }),
		bind.K("tty", bind.Bool, "a terminal of its own", func(s *S) *bool { return &at(s).Tty }),
		bind.K("interactive", bind.Bool, "its input stays open", func(s *S) *bool { return &at(s).Interactive }),
		bind.K("init", bind.Bool, "a small init as process 1, which reaps", func(s *S) *bool { return &at(s).Init }),
	}
}

// mountKeys say what it sees besides its image.
func mountKeys[S any](d *doors, at func(*S) *engine.Spec) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("volume", bind.Strings, "[SOURCE:]TARGET[:OPTIONS], where SOURCE is a host path or the name of a volume", func(s *S) *[]string { return &at(s).Volumes }),
		bind.K("volumes_from", bind.ListOf(d.container.Ref((*box).name)), "containers whose volumes it gets too; NAME:ro for reading only", func(s *S) *[]string { return &at(s).VolumesFrom }),
		bind.K("mount", bind.Strings, "type=…,source=…,target=…", func(s *S) *[]string { return &at(s).Mounts }),
		bind.K("tmpfs", bind.Strings, "TARGET[:OPTIONS]: directories in memory", func(s *S) *[]string { return &at(s).Tmpfs }),
		bind.K("read_only", bind.Bool, "nothing can be written to its root", func(s *S) *bool { return &at(s).ReadOnly }),
		bind.K("shm_size", bind.Size, "of /dev/shm", func(s *S) *int64 { return &at(s).ShmSize }),
	}
}

// networkKeys say how it is reached, and reaches others.
func networkKeys[S any](d *doors, at func(*S) *engine.Spec) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("network", d.network.Ref(Network.Name), "a network, or none, host or container:NAME", func(s *S) *string { return &at(s).Network }),
		bind.K("ip", bind.Text, "the address it wants", func(s *S) *string { return &at(s).IP }),
		bind.K("network_alias", bind.Strings, "further names on its network", func(s *S) *[]string { return &at(s).Aliases }),
		bind.K("publish", bind.Strings, "[IP:][HOST:]CONTAINER[/PROTOCOL]: ports of the host that lead here", func(s *S) *[]string { return &at(s).Publish }),
		bind.K("publish_all", bind.Bool, "a free port of the host for each that is exposed", func(s *S) *bool { return &at(s).PublishAll }),
		bind.K("expose", bind.Strings, "ports that publish_all publishes too", func(s *S) *[]string { return &at(s).Expose }),
		bind.K("dns", bind.Strings, "name servers", func(s *S) *[]string { return &at(s).DNS }),
		bind.K("dns_search", bind.Strings, "domains to search", func(s *S) *[]string { return &at(s).DNSSearch }),
		bind.K("dns_option", bind.Strings, "options of the resolver", func(s *S) *[]string { return &at(s).DNSOptions }),
		bind.K("add_host", bind.Strings, "NAME:ADDRESS, for /etc/hosts", func(s *S) *[]string { return &at(s).AddHost }),
	}
}

// wallKeys say what holds it.
func wallKeys[S any](at func(*S) *engine.Spec) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("privileged", bind.Bool, "nearly no walls; do not", func(s *S) *bool { return &at(s).Privileged }),
		bind.K("cap_add", bind.Strings, "capabilities besides the usual ones", func(s *S) *[]string { return &at(s).CapAdd }),
		bind.K("cap_drop", bind.Strings, "capabilities that it does not get; ALL for none", func(s *S) *[]string { return &at(s).CapDrop }),
		bind.K("security_opt", bind.Strings, "no-new-privileges, seccomp=unconfined and their like", func(s *S) *[]string { return &at(s).SecurityOpt }),
		bind.K("device", bind.Strings, "HOST[:CONTAINER[:rwm]]: devices it may use", func(s *S) *[]string { return &at(s).Devices }),
		bind.K("sysctl", bind.Map, "kernel settings of its namespaces", func(s *S) *map[string]string { return &at(s).Sysctls }),
		bind.K("ulimit", bind.Strings, "NAME=SOFT[:HARD]", func(s *S) *[]string { return &at(s).Ulimits }),
		bind.K("oom_score_adj", bind.Ptr(bind.Int), "how soon it is killed when memory is short: -1000 to 1000", func(s *S) **int { return &at(s).OOMScoreAdj }),
		bind.K("pid", bind.Text, "host or container:NAME, to share processes", func(s *S) *string { return &at(s).Pid }),
		bind.K("ipc", bind.Text, "host or container:NAME, to share memory", func(s *S) *string { return &at(s).Ipc }),
		bind.K("uts", bind.Text, "host, to share the host name", func(s *S) *string { return &at(s).Uts }),
	}
}

// lifeKeys say how it ends.
func lifeKeys[S any](at func(*S) *engine.Spec) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("rm", bind.Bool, "remove it when it ends, with its anonymous volumes", func(s *S) *bool { return &at(s).Rm }),
		bind.K("protect", bind.Bool, "refuse to remove it", func(s *S) *bool { return &at(s).Protect }),
		bind.K("restart", restartKind, "what follows its end: no, on-failure[:N], always, unless-stopped, or a table", func(s *S) *container.Policy { return &at(s).Restart }),
		bind.K("stop_signal", bind.Text, "what stop sends, instead of the image's", func(s *S) *string { return &at(s).StopSignal }),
		bind.K("stop_timeout", patience, "how long stop waits before KILL; -1 for ever", func(s *S) **time.Duration { return &at(s).StopTimeout }),
	}
}

// limitKeys say how much it may use.
func limitKeys[S any](at func(*S) *cgroup.Limits) []bind.Key[S] {
	return []bind.Key[S]{
		bind.K("memory", limit, "the most memory", func(s *S) *int64 { return &at(s).Memory }),
		bind.K("memory_swap", limit, "the most memory and swap together", func(s *S) *int64 { return &at(s).MemorySwap }),
		bind.K("memory_reservation", limit, "memory it keeps when the host runs short", func(s *S) *int64 { return &at(s).MemoryReservation }),
		bind.K("memory_swappiness", bind.Ptr(swappiness), "how readily it is swapped: 0 to 100", func(s *S) **uint64 { return &at(s).Swappiness }),
		bind.K("oom_kill_disable", bind.Bool, "stand still instead of being killed when memory is short; cgroup v1 only", func(s *S) *bool { return &at(s).OOMKillDisable }),
		bind.K("cpus", cpus, "how many processors it may use: 1.5", func(s *S) *int64 { return &at(s).NanoCPUs }),
		bind.K("cpu_quota", whole, "microseconds in each period", func(s *S) *int64 { return &at(s).CPUQuota }),
		bind.K("cpu_period", whole, "microseconds", func(s *S) *int64 { return &at(s).CPUPeriod }),
		bind.K("cpu_shares", whole, "its share when processors are short; 1024 is usual", func(s *S) *int64 { return &at(s).CPUShares }),
		bind.K("cpuset_cpus", bind.Text, "the processors it may use: 0-2,7", func(s *S) *string { return &at(s).CpusetCpus }),
		bind.K("cpuset_mems", bind.Text, "the memory nodes it may use", func(s *S) *string { return &at(s).CpusetMems }),
		bind.K("pids_limit", whole, "the most processes; -1 for no limit", func(s *S) *int64 { return &at(s).Pids }),
		bind.K("blkio_weight", weight, "its share of block devices: 10 to 1000", func(s *S) *uint16 { return &at(s).BlkioWeight }),
	}
}

// headed is the array part of a new container's options: image and program.
func headed[S any](d *doors, at func(*S) *engine.Spec) *bind.Array[S] {
	return bind.Headed("image", d.image.Ref(imageName), "the image",
		func(s *S) *string { return &at(s).Image },
		"the program and its arguments, instead of the image's",
		func(s *S) *[]string { return &at(s).Argv })
}

// runOptions is what create and run take.
func (d *doors) runOptions() *bind.Record[engine.Spec] {
	self := func(s *engine.Spec) *engine.Spec { return s }
	return &bind.Record[engine.Spec]{
		Name: "RunOptions", Doc: "what to run and how",
		Array: headed(d, self), Keys: specKeys(d, self), Hints: runHints(),
	}
}

func runHints() map[string]string {
	return map[string]string{
		"image": `the image comes first, without a name: { "box", … }`, "command": `the program follows the image: { "box", "ls", "-l" }`,
		"cmd": `the program follows the image: { "box", "ls", "-l" }`, "cwd": "workdir", "volumes": "volume", "labels": "label",
		"networks": "network", "t": "tty = true", "i": "interactive = true", "e": "env", "w": "workdir", "u": "user", "h": "hostname",
		"net": "network", "dns_opt": "dns_option", "auto_remove": "rm", "remove": "rm", "attach": "containers.create{ … }:start{ attach = true }",
	}
}

// onceOptions is what once takes.
type onceOptions struct {
	engine.Spec
	Keep    bool
	Check   bool
	Stdout  string
	Input   bool
	Timeout time.Duration
}

func (d *doors) onceOptions() *bind.Record[onceOptions] {
	at := func(o *onceOptions) *engine.Spec { return &o.Spec }
	all := specKeys(d, at)
	for i, k := range all {
		switch k.Name {
		case "rm":
			all[i] = bind.K("rm", remove, "false keeps the container", func(o *onceOptions) *bool { return &o.Keep })
		case "interactive":
			all[i] = bind.K("interactive", bind.Bool, "it reads the standard input of the script", func(o *onceOptions) *bool { return &o.Input })
		}
	}
	return &bind.Record[onceOptions]{
		Name: "OnceOptions", Doc: "what to run and how",
		New:   func() onceOptions { return onceOptions{Check: true, Stdout: "capture"} },
		Array: headed(d, at), Hints: runHints(),
		Keys: append(all,
			bind.K("check", bind.Bool, "raise an error if it ends with another code than 0", func(o *onceOptions) *bool { return &o.Check }),
			bind.K("stdout", bind.OneOf("capture", "inherit"), "where its output goes: into the result, or where the script's goes", func(o *onceOptions) *string { return &o.Stdout }),
			bind.K("timeout", bind.Duration, "until it is killed; 0 is none", func(o *onceOptions) *time.Duration { return &o.Timeout }),
		),
	}
}

// remove is the option rm of once: false keeps.
var remove = bind.As(bind.Bool, "boolean", bind.Bool.Want, func(rm bool) (keep bool, err error) { return !rm, nil }, func(keep bool) bool { return !keep })

// change is what update takes.
type change struct {
	limits  *cgroup.Limits
	restart *container.Policy
}

func updateOptions() *bind.Record[change] {
	return &bind.Record[change]{
		Name: "UpdateOptions", Doc: "what to change; the rest stays as it is",
		Keys: append(limitKeys(func(c *change) *cgroup.Limits {
			if c.limits == nil {
				c.limits = &cgroup.Limits{}
			}
			return c.limits
		}), bind.K("restart", bind.Ptr(restartKind), "what follows its end", func(c *change) **container.Policy { return &c.restart })),
	}
}
