package cgroup

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Pids lists the processes of the group and of all groups below it, in any
// hierarchy, sorted. A group that is not there has none.
func (g *Group) Pids() ([]int, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return g.pids(), nil
}

func (g *Group) pids() []int {
	var pids []int
	for _, h := range g.tree.all {
		pids = append(pids, processes(g.dir(h), "cgroup.procs")...)
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// Empty says whether no process is in the group or below it.
func (g *Group) Empty() (bool, error) {
	pids, err := g.Pids()
	return len(pids) == 0, err
}

// processes reads the ids in file of dir and of the directories below it. What
// vanishes meanwhile has none.
func processes(dir, file string) []int {
	var pids []int
	for _, d := range below(dir) {
		body, _ := read(d, file)
		for field := range strings.FieldsSeq(body) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// below lists dir and all directories below it, a parent before its children.
func below(dir string) []string {
	dirs := []string{dir}
	for i := 0; i < len(dirs); i++ {
		var st unix.Stat_t
		if unix.Lstat(dirs[i], &st) != nil || st.Nlink <= 2 { // . and .. only: no directory in it
			continue
		}
		entries, _ := os.ReadDir(dirs[i])
		for _, e := range entries {
			if e.IsDir() {
				dirs = append(dirs, filepath.Join(dirs[i], e.Name()))
			}
		}
	}
	return dirs
}

func digits(pids []int) string {
	const most = 20
	var all []string
	for _, pid := range pids[:min(len(pids), most)] {
		all = append(all, strconv.Itoa(pid))
	}
	if len(pids) > most {
		all = append(all, "and "+strconv.Itoa(len(pids)-most)+" more")
	}
	return strings.Join(all, ", ")
}

// Kill kills every process of the group and below it, frozen or not, and waits
// until they are gone. When ctx ends before, or 10 s have passed, it is
// fault.Timeout naming who is left. A group that is not there is nil.
func (g *Group) Kill(ctx context.Context) error {
	if err := g.check(); err != nil {
		return err
	}
	round := 0
	err := until(ctx, func() (bool, error) {
		err := g.strike(round > 0)
		round++
		return len(g.pids()) == 0, err
	})
	if err != nil && ctxEnded(err) {
		return g.timeout(err, "kill", "these processes did not die: "+describe(g.pids()))
	}
	return fault.Wrap("kill cgroup", g.id, err)
}

// strike sends SIGKILL to everybody once. The signal comes before the thaw, so
// that nothing frozen runs in between. still says that it did not suffice
// before: then new processes are made as fast as they are killed, and where
// the kernel cannot kill a group as one, they are frozen first.
func (g *Group) strike(still bool) error {
	killed, err := g.killUnified()
	if err != nil {
		return err
	}
	h, ok := g.tree.home("freezer")
	if ok && still && !killed {
		if err := write(g.dir(h), "freezer.state", "FROZEN"); err != nil && !gone(err) {
			return err
		}
	}
	signal(g.pids(), g.pids)
	return g.thawAll()
}

// killUnified kills everybody in the v2 directory at once, if the kernel can.
func (g *Group) killUnified() (bool, error) {
	h, ok := g.tree.unified()
	if !ok {
		return false, nil
	}
	err := write(g.dir(h), "cgroup.kill", "1")
	if gone(err) { // the group, or the file before Linux 5.14
		return false, nil
	}
	return err == nil, err
}

// signal kills pids. As a number may have another owner by now, it takes hold
// of each process and then looks again who is a member.
func signal(pids []int, members func() []int) {
	held := map[int]int{}
	for _, pid := range pids {
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			held[pid] = fd
		}
	}
	if len(held) == 0 {
		return
	}
	still := members()
	for pid, fd := range held {
		if _, ok := slices.BinarySearch(still, pid); ok {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // gone is as good
		}
		unix.Close(fd)
	}
}

// thawAll wakes the group and each group below it, which may be frozen on its
// own account: SIGKILL does nothing to a frozen process.
func (g *Group) thawAll() error {
	h, file, value := g.freezer()
	if h.point == "" {
		return nil
	}
	for _, dir := range below(g.dir(h)) {
		if err := write(dir, file, value); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// Delete removes the group and all groups below it in every hierarchy. It
// waits for the last processes to leave; when ctx ends before, or 10 s have
// passed, it is fault.Busy naming who is left. A group that is not there is
// nil. It kills nobody.
func (g *Group) Delete(ctx context.Context) error {
	if err := g.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	for _, h := range g.tree.all {
		err = also(err, fault.Wrap("remove cgroup", g.id, remove(ctx, g.dir(h))))
	}
	return err
}

// DeleteIdle removes the group if no process is in it, and says whether it is
// gone now. It does not wait.
func (g *Group) DeleteIdle() (bool, error) {
	if err := g.check(); err != nil {
		return false, err
	}
	idle := true
	for _, h := range g.tree.all {
		switch err := rmdir(g.dir(h)); {
		case errors.Is(err, unix.EBUSY), errors.Is(err, unix.ENOTEMPTY):
			idle = false
		case err != nil:
			return false, fault.Wrap("remove cgroup", g.id, err)
		}
	}
	return idle, nil
}

// remove removes a directory with all below it, trying again while it is busy:
// dying processes leave late, and others may still make groups in it.
func remove(ctx context.Context, dir string) error {
	if err := rmdir(dir); err == nil {
		return nil
	}
	err := until(ctx, func() (bool, error) {
		dirs := below(dir)
		slices.Reverse(dirs)
		for _, d := range dirs {
			switch err := rmdir(d); {
			case errors.Is(err, unix.EBUSY), errors.Is(err, unix.ENOTEMPTY):
				return false, nil
			case err != nil:
				return false, err
			}
		}
		return true, nil
	})
	if err != nil && ctxEnded(err) {
		return &fault.Error{Kind: fault.Busy, Message: dir + " still has the processes " + describe(processes(dir, "cgroup.procs"))}
	}
	return err
}

// rmdir removes one directory; one that is gone already is nil.
func rmdir(dir string) error {
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: "rmdir", Path: dir, Err: err}
	}
	return nil
}

// gone says whether err is only that the group or its file is not there.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
}

// also joins two errors, and leaves one that is alone as it is.
func also(err, more error) error {
	if err == nil || more == nil {
		return cmp.Or(err, more)
	}
	return errors.Join(err, more)
}

func ctxEnded(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// timeout is the error of an act that ctx ended: canceled if the caller gave
// up, else a timeout that says what held it up.
func (g *Group) timeout(err error, op, message string) error {
	kind := fault.Timeout
	if errors.Is(err, context.Canceled) {
		kind = fault.Canceled
	}
	return &fault.Error{Kind: kind, Op: op + " cgroup", Object: g.id, Message: message}
}
