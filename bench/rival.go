package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A rival is Docker or Podman, whose command lines are the same as far as the
// bench uses them.
type rival struct {
	home
	name    string
	program []string // what every command line begins with
	version string
	dir     string
	end     func() error // ends its daemon
}

func (r *rival) argv(words ...string) []string {
	return append(append([]string(nil), r.program...), words...)
}

func (r *rival) run(words ...string) error { return r.place.run(r.argv(words...)...) }

func (r *rival) timed(words ...string) (float64, error) {
	return r.home.timed(func() error { return r.run(words...) })
}

// equip gives it what a neap gets.
func (r *rival) equip(archive string) error {
	if err := r.run("import", archive, benchImage); err != nil {
		return err
	}
	return r.run(anchor()...)
}

// anchor is the command line of a container that stays.
func anchor() []string {
	words := []string{"run", "-d", "--name", "anchor"}
	if _, err := find("iptables-save"); err != nil {
		words = append(words, "--network", "none")
	}
	return append(words, benchImage, "/bin/sleep", "100000")
}

// remove removes containers, killing those that run.
func (r *rival) remove(ids ...string) error {
	words := []string{"rm", "-f"}
	if r.name == "podman" {
		words = append(words, "--time", "0") // else it asks first, and waits
	}
	return r.run(append(words, ids...)...)
}

// await waits until a container says that it is ready.
func (r *rival) await(container string) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		text, err := r.place.output(r.argv("logs", container)...)
		if err != nil || strings.Contains(text, "ready") {
			return err
		}
	}
	return fmt.Errorf("%s never said that it is ready", container)
}

// close removes its containers, and with the place what is left of it.
func (r *rival) close() error {
	var errs []error
	ids, err := r.place.output(r.argv("ps", "-aq")...)
	if list := strings.Fields(ids); err == nil && len(list) > 0 {
		err = r.remove(list...)
	}
	errs = append(errs, err)
	if r.end != nil {
		errs = append(errs, r.end())
	}
	r.place.close()
	return errors.Join(append(errs, r.sweep())...)
}

// newPodman is a Podman with a store of its own, in a place of its own. Its
// CNI keeps leases and configurations where the host's would be.
func newPodman(dir, mark string) (*rival, error) {
	program, err := find("podman")
	if err != nil {
		return nil, err
	}
	p, err := newPlace("/sys/fs/cgroup/unified") // crun refuses to run on a hybrid host
	if err != nil {
		return nil, err
	}
	r := &rival{home: home{p, mark, mark}, name: "podman", dir: dir}
	config := filepath.Join(dir, "containers.conf")
	// Podman's own limits may be beyond what this process may give.
	text := "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n[engine]\ncgroup_manager = \"cgroupfs\"\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	for _, dir := range []string{"/var/lib/cni", "/etc/cni"} {
		if err := p.mountTmpfs(dir); err != nil {
			return nil, err
		}
	}
	r.program = []string{
		"env", "CONTAINERS_CONF=" + config, "TMPDIR=" + dir, program, "--root", filepath.Join(dir, "store"), "--runroot", "/run/podman", "--cgroup-manager", "cgroupfs",
	}
	r.version, err = p.output(r.argv("version", "--format", "{{.Client.Version}}")...)
	r.version = strings.TrimSpace(r.version)
	return r, err
}
