package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
)

// labels of an image are told, and steer nothing.
func (a *arena) labels(t *testing.T) {
	control := map[string]any{}
	for _, key := range []string{
		"restart", "privileged", "network", "protect", "rm", "log", "schedule", "hook", "mounts", "volumes", "cap_add", "user", "pid", "seccomp",
	} {
		for _, prefix := range []string{"", "neap.", "io.neap.", "com.docker.", "io.containers.", "io.kubernetes."} {
			control[prefix+key] = "always"
		}
	}
	must(t, a.loaded("plain", map[string]any{"Cmd": []string{"probe"}}))
	must(t, a.loaded("labelled", map[string]any{"Cmd": []string{"probe"}, "Labels": control}))
	var plans [2]container.Plan
	var wishes [2]container.Wish
	for i, tag := range []string{"plain", "labelled"} {
		c, err := a.e.Create(t.Context(), Spec{Image: tag, Name: "same", Network: "none", Hostname: "same"})
		must(t, err)
		v, err := c.Look()
		must(t, err)
		if i == 1 && len(v.Plan.Labels) != len(control) {
			t.Errorf("%d labels are told", len(v.Plan.Labels))
		}
		v.Plan.ID, v.Plan.Created, v.Plan.Image, v.Plan.ImageID, v.Plan.Labels = "", time.Time{}, "", "", nil
		plans[i], wishes[i] = v.Plan, v.Wish
		must(t, c.Remove(t.Context(), RemoveOptions{}))
	}
	if fmt.Sprintf("%+v", plans[0]) != fmt.Sprintf("%+v", plans[1]) || fmt.Sprintf("%+v", wishes[0]) != fmt.Sprintf("%+v", wishes[1]) {
		t.Errorf("labels changed\n%+v %+v\nto\n%+v %+v", plans[0], wishes[0], plans[1], wishes[1])
	}
	out, err := a.try(Spec{Image: "labelled"})
	must(t, err)
	if r := said(t, []byte(out)); r.Status["CapEff"] != dockerSet || r.Status["Seccomp"] != "2" {
		t.Errorf("labelled: %v", r.Status)
	}
}

// junk in a configuration is left out, or the image is refused; neither takes
// long or much.
func (a *arena) junk(t *testing.T) {
	env, ports := []string{}, map[string]any{}
	for i := range 100_000 {
		env = append(env, fmt.Sprintf("V%d=%d", i, i))
		ports[fmt.Sprintf("%d/tcp", i)] = map[string]any{}
	}
	probe := []string{"probe"}
	configs := map[string]map[string]any{
		"stop signal":   {"StopSignal": "SIGNOTHING"},
		"other signal":  {"StopSignal": strings.Repeat("9", 100)},
		"env":           {"Env": env},
		"ports":         {"ExposedPorts": ports},
		"odd ports":     {"ExposedPorts": map[string]any{"99999/tcp": nil, "-1": nil, "80/tcp; rm": nil, "1-65535/tcp": nil, "": nil}},
		"odd env":       {"Env": []string{"", "=", "=x", "NOVALUE", "A=1\nB=2", "PATH", "LD_PRELOAD=/x.so"}},
		"zero in env":   {"Env": []string{"A=\x00B"}},
		"zero in argv":  {"Cmd": []string{"probe", "a\x00b"}},
		"healthcheck":   {"Healthcheck": map[string]any{"Test": []string{"CMD", "probe"}, "Interval": 1, "Timeout": -1, "Retries": -5}},
		"empty command": {"Cmd": []string{""}, "Entrypoint": []string{}},
		"empty words":   {"Entrypoint": []string{"", ""}},
		"types":         {"Env": "text", "Cmd": 7},
		"long path":     {"WorkingDir": "/" + strings.Repeat("x", 70_000)},
		"long word":     {"Cmd": []string{"probe", strings.Repeat("x", 3<<20)}},
		"long host":     {"Hostname": strings.Repeat("h", 70_000), "Domainname": "/etc"},
		"privileges":    {"Privileged": true, "HostConfig": map[string]any{"Privileged": true, "Binds": []string{"/:/v"}}, "User": "joe"},
	}
	n := 0
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		n++
		tag, config := fmt.Sprintf("junk%d", n), configs[name]
		if config["Cmd"] == nil && config["Entrypoint"] == nil {
			config["Cmd"] = probe
		}
		quick(t, name, func() {
			err := a.loaded(tag, config)
			if err != nil {
				t.Logf("%s: no image: %.200s", name, err.Error())
				return
			}
			out, err := a.try(Spec{Image: tag})
			if err != nil || !strings.HasPrefix(out, "{") {
				t.Logf("%s: refused: %.200q %.200v", name, out, err)
				return
			}
			if r := said(t, []byte(out)); r.Status["Seccomp"] != "2" || r.Status["CapBnd"] != dockerSet || len(r.Env) > 4200 {
				t.Errorf("%s: %v", name, r.Status)
			}
		})
	}
	for _, host := range []string{strings.Repeat("h", 70_000), "a/b", "a\nb", "a b", "-\x00"} {
		if _, err := a.try(Spec{Image: "junk1", Hostname: host, Argv: probe}); !fault.Is(err, fault.Invalid) {
			t.Errorf("hostname %.20q: %v", host, err)
		}
	}
	var use unix.Rusage
	must(t, unix.Getrusage(unix.RUSAGE_SELF, &use))
	if use.Maxrss > 1<<20 {
		t.Errorf("it took %d MiB of memory", use.Maxrss>>10)
	}
}
