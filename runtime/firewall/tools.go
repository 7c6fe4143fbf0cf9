package firewall

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"

	"neap/runtime/fault"
)

// patience is how long, in seconds, iptables may wait for another one that
// holds the lock of the tables.
const patience = 10

// tools are the programs, by absolute path: PATH is the caller's.
type tools struct {
	iptables, save, restore string
	nft                     bool // they work on nf_tables, whose generation can be asked
}

func findTools() (*tools, error) {
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"} {
		t := &tools{filepath.Join(dir, "iptables"), filepath.Join(dir, "iptables-save"), filepath.Join(dir, "iptables-restore"), false}
		if executable(t.iptables) && executable(t.save) && executable(t.restore) {
			real, err := filepath.EvalSymlinks(t.restore)
			t.nft = err == nil && strings.Contains(filepath.Base(real), "nft")
			return t, nil
		}
	}
	return nil, fault.New(fault.Unsupported, "publishing ports needs iptables").
		WithHint("install the package iptables")
}

func executable(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// find looks for iptables once.
func (f *Firewall) find() error {
	if f.ipt != nil {
		return nil
	}
	found, err := findTools()
	if err != nil {
		return err
	}
	ipt, err := iptables.New(iptables.Path(found.iptables), iptables.Timeout(patience))
	if err != nil {
		return &fault.Error{Kind: fault.Unsupported, Op: "use", Object: found.iptables, Cause: err}
	}
	f.tools, f.ipt = found, ipt
	return nil
}

// dump is what iptables-save tells.
func (t *tools) dump(ctx context.Context) (string, error) { return run(ctx, "", t.save) }

// commit gives a batch to iptables-restore: each table is changed whole or not
// at all.
func (t *tools) commit(ctx context.Context, batch string) error {
	_, err := run(ctx, batch, t.restore, "--noflush", "--wait", strconv.Itoa(patience))
	return err
}

func run(ctx context.Context, input, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*patience*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"LC_ALL=C"}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	cmd.Stdin = strings.NewReader(input)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", fault.Wrap("change the packet rules", "", ctx.Err())
	}
	return "", refused(path, said.String(), err)
}

// refused is what an iptables program that failed said.
func refused(path, said string, err error) error {
	kind := fault.Failed
	var exit *exec.ExitError
	switch {
	case strings.Contains(said, "xtables lock"), errors.As(err, &exit) && exit.ExitCode() == 4:
		kind = fault.Busy
	case strings.Contains(said, "Permission denied"):
		kind = fault.Denied
	}
	said = strings.Join(strings.Fields(said), " ")
	return &fault.Error{Kind: kind, Op: "change the packet rules", Message: said, Cause: err, Hint: "see what " + path + " says"}
}
