package bindings_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// yard is a runtime that only remembers what it was asked for.
type yard struct {
	bindings.Containers
	asked  engine.Spec
	keep   bool
	change engine.Change
}

func (y *yard) Create(_ context.Context, s engine.Spec) (bindings.Container, error) {
	y.asked = s
	return shed{y: y}, nil
}

func (y *yard) Once(_ context.Context, s engine.Spec, keep bool, _ *os.File, _ bindings.Take) (engine.Result, error) {
	y.asked, y.keep = s, keep
	return engine.Result{}, nil
}

// shed is a container that never runs.
type shed struct {
	bindings.Container
	y *yard
}

func (s shed) ID() string { return strings.Repeat("ab", 32) }

func (s shed) State(context.Context) (container.State, error)  { return container.Created, nil }
func (s shed) Update(_ context.Context, c engine.Change) error { s.y.change = c; return nil }
func (s shed) Look(context.Context) (*engine.View, error) {
	return &engine.View{ID: s.ID(), Name: "shed", State: container.Created}, nil
}

func fake(t *testing.T) (*yard, func(src string) error) {
	t.Helper()
	y := &yard{}
	var out bytes.Buffer
	h := newHost(t, bindings.All(bindings.Runtime{Nouns: bindings.Nouns{Containers: y}, Terminal: paper{&bytes.Buffer{}}}), &out, nil)
	return y, func(src string) error { return h.RunString(t.Context(), "test", src, nil) }
}

// everyOption sets each option that a new container has.
const everyOption = `containers.create{ "box", "ls", "-l",
  name = "web", hostname = "h", domainname = "d", label = { a = "b" }, pull = "never",
  entrypoint = { "/bin/sh", "-c" }, env = { K = 1 }, workdir = "/w", user = "u", group_add = "g",
  tty = true, interactive = true, init = true,
  volume = "/data", volumes_from = "other:ro", mount = "type=tmpfs,target=/t", tmpfs = "/run", read_only = true, shm_size = "64m",
  network = "back", ip = "10.0.0.9", network_alias = "db", publish = { "8080:80", 53 }, publish_all = true, expose = 80,
  dns = "9.9.9.9", dns_search = "example.org", dns_option = "ndots:1", add_host = "a:10.0.0.1",
  privileged = true, cap_add = "NET_ADMIN", cap_drop = { "ALL" }, security_opt = "no-new-privileges", device = "/dev/fuse",
  sysctl = { ["net.core.somaxconn"] = 100 }, ulimit = "nofile=100", oom_score_adj = 10, pid = "host", ipc = "host", uts = "host",
  memory = "512m", memory_swap = -1, memory_reservation = "1m", memory_swappiness = 10, oom_kill_disable = true,
  cpus = 1.5, cpu_quota = 1000, cpu_period = 2000, cpu_shares = 512, cpuset_cpus = "0-1", cpuset_mems = 0, pids_limit = 100, blkio_weight = 500,
  rm = true, protect = true, restart = "on-failure:3", stop_signal = "INT", stop_timeout = "5s",
}`

// without are the fields of a spec that no option sets, and why.
func without() []string {
	return []string{
		"ReadBps", "WriteBps", "ReadIOps", "WriteIOps", // rates of block devices: a later issue
		"Devices", // of Limits: device rules; the option device is Spec.Devices
	}
}

func TestEveryOptionReachesTheSpec(t *testing.T) {
	y, run := fake(t)
	if err := run(everyOption); err != nil {
		t.Fatal(err)
	}
	spec := reflect.ValueOf(y.asked)
	check(t, spec, nil)
	check(t, spec.FieldByName("Limits"), without())
	if y.asked.Limits.Memory != 512<<20 || y.asked.Limits.MemorySwap != -1 || y.asked.Limits.NanoCPUs != 1_500_000_000 {
		t.Errorf("limits: %+v", y.asked.Limits)
	}
	if !slices.Equal(y.asked.Publish, []string{"8080:80", "53"}) || !slices.Equal(y.asked.Argv, []string{"ls", "-l"}) {
		t.Errorf("publish %q, argv %q", y.asked.Publish, y.asked.Argv)
	}
	if y.asked.Restart != (container.Policy{Name: "on-failure", Max: 3}) {
		t.Errorf("restart: %+v", y.asked.Restart)
	}
}

func check(t *testing.T, v reflect.Value, excused []string) {
	t.Helper()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && !slices.Contains(excused, name) {
			t.Errorf("no option sets %s.%s", v.Type(), name)
		}
	}
}

func TestRestartPolicies(t *testing.T) {
	for src, want := range map[string]container.Policy{
		`"always"`:       {Name: "always"},
		`"on-failure:2"`: {Name: "on-failure", Max: 2},
		`{ policy = "on-failure", max = 2, min_delay = "1s", max_delay = 60, reset_after = "1m" }`: {
			Name: "on-failure", Max: 2, MinDelay: 1, MaxDelay: 60, ResetAfter: 60,
		},
	} {
		y, run := fake(t)
		if err := run(`containers.create{ "box" }:update{ restart = ` + src + ` }`); err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if *y.change.Restart != want || y.change.Limits != nil {
			t.Errorf("%s: %+v", src, *y.change.Restart)
		}
	}
}

func TestWrongOptionsSayWhatIsWanted(t *testing.T) {
	_, run := fake(t)
	for src, want := range map[string]string{
		`containers.create()`:                                   "must be a table of options",
		`containers.create{}`:                                   "the image is missing",
		`containers.create{ "box", nil, "x" }`:                  "hole",
		`containers.create{ "box", detach = true }`:             "detach",
		`containers.create{ "box", environment = "A=b" }`:       "environment",
		`containers.create{ "box", nmae = "x" }`:                "name",
		`containers.create{ "box", memory = "much" }`:           "memory",
		`containers.create{ "box", memory = -2 }`:               "size",
		`containers.create{ "box", cpus = "two" }`:              "processors",
		`containers.create{ "box", restart = "on-failure:x" }`:  "on-failure",
		`containers.create{ "box", restart = { min = 1 } }`:     "min_delay",
		`containers.create{ "box", stop_timeout = "soon" }`:     "duration",
		`containers:create{ "box" }`:                            "with a dot",
		`containers.list{}`:                                     "empty",
		`containers.list{ status = "running" }`:                 "status",
		`containers.list{ state = "runing" }`:                   "running",
		`local c = containers.create{ "box" }; return c.status`: "status",
		`local c = containers.create{ "box" }; return c.nmae`:   "name",
		`local c = containers.create{ "box" }; c.name = "x"`:    "assigned",
		`ports.pick(0, 10)`:                                     "65535",
		`ports.find("80/xyz")`:                                  "8888/tcp",
	} {
		err := run(src)
		if err == nil || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", src, err)
			continue
		}
		var hint string
		if f := faultOf(err); f != nil {
			hint = f.Hint
		}
		if !strings.Contains(err.Error()+hint, want) {
			t.Errorf("%s: %q %q does not say %q", src, err, hint, want)
		}
	}
}

func faultOf(err error) *fault.Error {
	var f *fault.Error
	errors.As(err, &f)
	return f
}
