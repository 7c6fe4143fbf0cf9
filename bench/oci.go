package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// An oci is crun or runc with a prepared bundle: no overlay, no address, but
// the same namespaces and controllers.
type oci struct {
	home
	program, bundle, version string
	runs                     int
}

func newOCI(name, dir, rootfs, mark string, filtered bool) (*oci, error) {
	program, err := find(name)
	if err != nil {
		return nil, err
	}
	p, err := newPlace("/sys/fs/cgroup/unified") // crun refuses to run on a hybrid host
	if err != nil {
		return nil, err
	}
	o := &oci{home: home{p, mark, mark}, program: program, bundle: dir}
	text, err := p.output(program, "--version")
	o.version, _, _ = strings.Cut(text[strings.LastIndex(strings.SplitN(text, "\n", 2)[0], " ")+1:], "\n")
	if err != nil {
		return nil, err
	}
	return o, o.prepare(rootfs, filtered)
}

// prepare writes the bundle: what the program itself proposes, with our root,
// our program and, if it is to be filtered, Docker's seccomp profile.
func (o *oci) prepare(rootfs string, filtered bool) error {
	c := exec.Command(o.program, "spec")
	c.Dir = o.bundle
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s spec: %w: %s", o.program, err, text)
	}
	path := filepath.Join(o.bundle, "config.json")
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec specs.Spec
	if err := json.Unmarshal(body, &spec); err != nil {
		return err
	}
	spec.Root.Path, spec.Process.Args, spec.Process.Terminal = rootfs, []string{"/bin/true"}, false
	spec.Process.Rlimits = nil // more open files than this process has may be refused
	spec.Linux.CgroupsPath = "/" + o.mark + "/one"
	if filtered {
		if spec.Linux.Seccomp, err = seccomp.GetDefaultProfile(&spec); err != nil {
			return err
		}
	}
	if body, err = json.Marshal(spec); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o644)
}

func (o *oci) timed() (float64, error) {
	o.runs++
	return o.home.timed(func() error {
		return o.place.run(o.program, "run", "--bundle", o.bundle, fmt.Sprintf("bench-%d-%d", os.Getpid(), o.runs))
	})
}

func (o *oci) close() error {
	o.place.close()
	return o.sweep()
}
