package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A getter brings an image in, and away.
type getter struct {
	get, drop func() error
}

// turn is one round: what earlier ones wrote is on the disk before it begins,
// and until its own is there is told too.
func (g getter) turn() turn {
	return func() ([]sample, error) {
		unix.Sync()
		start := time.Now()
		if err := g.get(); err != nil {
			return nil, err
		}
		took := time.Since(start)
		unix.Sync()
		stored := time.Since(start)
		return []sample{{"", milliseconds(took)}, {"until it is on the disk", milliseconds(stored)}}, g.drop()
	}
}

// loads is the lanes of an archive.
func loads() []lane {
	lanes := []lane{{"neap", func(s *scope) (turn, error) {
		n := s.neap
		path, err := s.large()
		return getter{func() error { return n.run("load", "-i", path) }, func() error { return n.run("rmi", largeImage) }}.turn(), err
	}}}
	for _, who := range []string{"docker", "podman"} {
		lanes = append(lanes, against(who, func(s *scope, r *rival) (turn, error) {
			path, err := s.large()
			return getter{func() error { return r.run("load", "-i", path) }, func() error { return r.run("rmi", largeImage) }}.turn(), err
		}))
	}
	return append(lanes, skopeo("docker-archive:%s", func(s *scope, _ *place) (string, error) { return s.large() }))
}

// pulls is the lanes of a registry.
func pulls() []lane {
	lanes := []lane{{"neap", func(s *scope) (turn, error) {
		n := s.neap
		if err := s.registry(n.place); err != nil {
			return nil, err
		}
		return getter{func() error { return n.run("pull", largeImage) }, func() error { return n.run("rmi", largeImage) }}.turn(), nil
	}}}
	for _, who := range []string{"docker", "podman"} {
		lanes = append(lanes, against(who, func(s *scope, r *rival) (turn, error) {
			if err := s.registry(r.place); err != nil {
				return nil, err
			}
			words := []string{"pull", largeImage}
			if who == "podman" {
				words = []string{"pull", "--tls-verify=false", largeImage}
			}
			return getter{func() error { return r.run(words...) }, func() error { return r.run("rmi", largeImage) }}.turn(), nil
		}))
	}
	return append(lanes, skopeo("docker://%s", func(s *scope, p *place) (string, error) {
		return largeImage, s.registry(p)
	}))
}

// skopeo unpacks into a store like Podman's, in a place of its own.
func skopeo(form string, source func(*scope, *place) (string, error)) lane {
	return lane{"skopeo", func(s *scope) (turn, error) {
		program, err := find("skopeo")
		if err != nil {
			return nil, err
		}
		p, err := newPlace()
		if err != nil {
			return nil, err
		}
		s.after(func() error { p.close(); return nil })
		from, err := source(s, p)
		if err != nil {
			return nil, err
		}
		store, err := os.MkdirTemp(s.dir, "skopeo-")
		to := fmt.Sprintf("containers-storage:[overlay@%s+/run/skopeo]%s", store, largeImage)
		return getter{
			func() error {
				return p.run("env", "TMPDIR="+s.dir, program, "copy", "-q", "--src-tls-verify=false", fmt.Sprintf(form, from), to)
			},
			func() error { return p.run(program, "delete", to) },
		}.turn(), err
	}}
}

// registry starts a registry in a place. All of them serve the same files; the
// first one is filled.
func (s *scope) registry(p *place) error {
	program, err := find("docker-registry")
	if err != nil {
		return err
	}
	first := unix.Access(s.path("registry"), unix.F_OK) != nil
	if err := os.MkdirAll(s.path("registry"), 0o755); err != nil {
		return err
	}
	config := filepath.Join(s.dir, "registry.yml")
	text := "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: " + s.path("registry") + "}}\nhttp: {addr: '127.0.0.1:8950'}\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	c := exec.Command(program, "serve", config)
	if err := p.start(c); err != nil {
		return err
	}
	s.after(func() error { return finish(c) })
	if err := s.serves(p); err != nil || !first {
		return err
	}
	return s.fill(s.neap)
}

// serves waits until a registry answers in a place.
func (s *scope) serves(p *place) error {
	return p.run(filepath.Join(s.rootfs, "traffic"), "await", "127.0.0.1:8950", patience.String())
}

// fill pushes the large image.
func (s *scope) fill(n *neap) error {
	path, err := s.large()
	if err != nil {
		return err
	}
	for _, words := range [][]string{{"load", "-i", path}, {"push", largeImage}, {"rmi", largeImage}} {
		if err := n.run(words...); err != nil {
			return err
		}
	}
	return nil
}
