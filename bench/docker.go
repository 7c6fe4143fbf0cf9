package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// newDocker starts a daemon that shares nothing with one that the machine may
// have: its data, sockets, networks, rules and cgroups are its own.
func newDocker(dir, mark string) (*rival, error) {
	daemon, err := find("dockerd")
	if err != nil {
		return nil, err
	}
	client, err := clientOf(daemon)
	if err != nil {
		return nil, err
	}
	p, err := newPlace()
	if err != nil {
		return nil, err
	}
	socket := "unix://" + filepath.Join(dir, "docker.sock")
	r := &rival{home: home{p, mark, mark}, name: "docker", program: []string{client, "-H", socket}, dir: dir}
	if err := forward(p); err != nil {
		return nil, err
	}
	c := exec.Command(daemon, "-H", socket, "--data-root", filepath.Join(dir, "data"), "--exec-root", "/run/docker",
		"--pidfile", filepath.Join(dir, "pid"), "--userland-proxy=false")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := p.start(c); err != nil {
		return nil, err
	}
	r.end = func() error { return finish(c) }
	if r.version, err = answered(r); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("dockerd does not answer: %w: %s", err, lastLine(string(text))), r.end())
	}
	return r, nil
}

// forward lets packets through, as Docker cannot in every namespace.
func forward(p *place) error {
	return p.do(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644) })
}

// clientOf is the client of the same version as the daemon, or any.
func clientOf(daemon string) (string, error) {
	version := func(program string) string {
		out, _ := exec.Command(program, "--version").Output()
		_, text, _ := strings.Cut(string(out), "version ")
		number, _, _ := strings.Cut(text, ",")
		return number
	}
	wanted := version(daemon)
	for _, dir := range searched() {
		if path := filepath.Join(dir, "docker"); wanted != "" && version(path) == wanted {
			return path, nil
		}
	}
	return find("docker")
}

func answered(r *rival) (string, error) {
	for end := time.Now().Add(patience); ; {
		text, err := r.place.output(r.argv("version", "--format", "{{.Server.Version}}")...)
		if err == nil || time.Now().After(end) {
			return strings.TrimSpace(text), err
		}
	}
}

// finish asks a process to end, waits, and after a while makes it.
func finish(c *exec.Cmd) error {
	_ = c.Process.Signal(unix.SIGTERM)
	late := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer late.Stop()
	if err := c.Wait(); c.ProcessState == nil {
		return err
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// searched is where programs may be: administrators' programs too, which are
// not in everyone's path.
func searched() []string {
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
}

// An absence says why a peer is left out.
type absence string

func (a absence) Error() string { return string(a) }

func find(program string) (string, error) {
	for _, dir := range searched() {
		if path := filepath.Join(dir, program); unix.Access(path, unix.X_OK) == nil {
			return path, nil
		}
	}
	return "", absence(program + " is not installed")
}
