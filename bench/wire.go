package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// wires is the lanes of what goes through a published port: the same server in
// a container, and the same client beside the runtime.
func wires(what string) []lane {
	publish := []string{"-d", "--name", "wire", "-p", "8901:80", "-p", "8902:81"}
	server := []string{benchImage, "/traffic", "serve", ":80"}
	words := append(append([]string{"run"}, publish...), server...)
	return []lane{
		{"neap", func(s *scope) (turn, error) {
			n := s.neap
			s.after(func() error { return n.run("rm", "-f", "wire") })
			return s.wire(n.place, what), n.run(words...)
		}},
		against("docker", func(s *scope, r *rival) (turn, error) {
			s.after(func() error { return r.remove("wire") })
			return s.wire(r.place, what), r.run(words...)
		}),
		against("podman", func(s *scope, r *rival) (turn, error) {
			s.after(func() error { return r.remove("wire") })
			return s.wire(r.place, what), r.run(words...)
		}),
		{"no container", func(s *scope) (turn, error) {
			p, err := newPlace()
			if err != nil {
				return nil, err
			}
			s.after(func() error { p.close(); return nil })
			return s.wire(p, what), s.serve(p)
		}},
	}
}

// serve starts the server without a container.
func (s *scope) serve(p *place) error {
	c := exec.Command(filepath.Join(s.rootfs, "traffic"), "serve", ":8901")
	s.after(func() error { return finish(c) })
	return p.start(c)
}

// wire is a turn of the client.
func (s *scope) wire(p *place, what string) turn {
	client := filepath.Join(s.rootfs, "traffic")
	address := "127.0.0.1:8901"
	if what == "bytes" {
		address = "127.0.0.1:8902"
	}
	return one(func() (float64, error) {
		text, err := p.output(client, what, address, "300ms")
		if err != nil {
			return 0, err
		}
		rate, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return 0, fmt.Errorf("the client says %q", text)
		}
		return rate, nil
	})
}
