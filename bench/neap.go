package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A neap is one build of the program that is measured, with a root, a place
// and a script of its own.
type neap struct {
	home
	binary, root string
	script       string // what it runs for the rows that are measured in a script
	voice        *voice
}

func newNeap(binary, script, dir string) (*neap, error) {
	n := &neap{binary: binary, script: script, root: filepath.Join(dir, "root")}
	if err := os.MkdirAll(n.root, 0o700); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(n.root)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(real))
	n.mark = hex.EncodeToString(sum[:4]) // as neap calls its cgroups and links
	n.group = "neap-" + n.mark
	if n.place, err = newPlace(); err != nil {
		return nil, err
	}
	return n, n.place.mountTmpfs(filepath.Join(n.root, "run"))
}

// argv is a command line of this neap.
func (n *neap) argv(words ...string) []string {
	return append([]string{n.binary, "--root", n.root}, words...)
}

func (n *neap) run(words ...string) error { return n.place.run(n.argv(words...)...) }

// equip gives it the image of the rows, and a container that stays: while that
// runs, what all containers share stays too, and is not taken for a trace.
func (n *neap) equip(archive string) error {
	if err := n.run("import", archive, benchImage); err != nil {
		return err
	}
	return n.run(anchor()...)
}

// timed is how long a command takes to its end, removal included.
func (n *neap) timed(words ...string) (float64, error) {
	return n.home.timed(func() error { return n.run(words...) })
}

// close removes its containers, and with the place what is left of it.
func (n *neap) close() error {
	n.hush()
	err := n.run("-e", "local all = containers.list() if #all > 0 then all:remove{ force = true } end")
	n.place.close()
	return errors.Join(err, n.sweep())
}

// A voice is a script that waits to be asked.
type voice struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// ask has the script act, and gives the milliseconds that it measured, each
// with the name of its part.
func (n *neap) ask(words ...any) ([]sample, error) {
	if n.voice == nil {
		if err := n.wake(); err != nil {
			return nil, err
		}
	}
	if _, err := fmt.Fprintln(n.voice.in, words...); err != nil {
		return nil, err
	}
	line, err := n.voice.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the script ended at %v: %w", words, err)
	}
	return answer(line)
}

// answer reads "ok 1.2 3.4", "ok start=1.2 stop=3.4" or "error and why".
func answer(line string) ([]sample, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "ok" {
		return nil, errors.New("the script says: " + strings.TrimSpace(line))
	}
	var all []sample
	for _, f := range fields[1:] {
		part, text, found := strings.Cut(f, "=")
		if !found {
			part, text = "", f
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, sample{part, value})
	}
	return all, nil
}

func (n *neap) wake() error {
	words := n.argv(n.script)
	c := exec.Command(words[0], words[1:]...)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	n.voice = &voice{command: c, in: in, out: bufio.NewReader(out)}
	return n.place.start(c)
}

// hush ends the script.
func (n *neap) hush() {
	if n.voice == nil {
		return
	}
	n.voice.in.Close()
	_ = n.voice.command.Wait()
	n.voice = nil
}
