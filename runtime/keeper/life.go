package keeper

import (
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/output"
	"neap/runtime/process"
	"neap/runtime/store"
	"neap/runtime/warden"
)

// life is one living container as the keeper sees it.
type life struct {
	c       *container.Container
	id      string
	start   int
	pid     int
	ticks   uint64
	pidfd   *os.File
	tty     *os.File // master side
	input   *os.File // write end of a detached input
	began   time.Time
	pumps   sync.WaitGroup
	ended   chan struct{} // closed when Finish is through
	settled chan struct{} // closed when what follows the end is done
	removes bool          // AutoRemove
	end     Ending
	slot    *slot
	taken   bool // taken up from an earlier keeper
	gated   bool // taken, and nothing tells that its program was let run
	linger  int  // callers that still read its output; guarded by mu

	mu      sync.Mutex
	sizes   map[string]int64
	changed chan struct{} // closed and replaced at each growth, if anybody waits
	waited  bool
	free    *sync.Cond // on mu, when linger falls to 0
}

func newLife(c *container.Container, start int) *life {
	l := &life{
		c: c, id: c.ID, start: start, ended: make(chan struct{}), settled: make(chan struct{}),
		sizes: map[string]int64{}, changed: make(chan struct{}),
	}
	l.free = sync.NewCond(&l.mu)
	return l
}

// released names the descriptor of a start's process. It is held once the
// program may run, which tells another keeper so.
const released = "pidfd"

// holdName is the name under which the warden holds a descriptor of a start.
func holdName(id string, start int, what string) string {
	return holdPrefix(id, start) + what
}

func holdPrefix(id string, start int) string { return id + "/" + itoa(start) + "/" }

// parseHold takes a holdName apart.
func parseHold(name string) (id string, start int, what string, ok bool) {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) != 3 {
		return "", 0, "", false
	}
	return parts[0], atoi(parts[1]), parts[2], true
}

// grown tells whoever waits that a stream has so many bytes now.
func (l *life) grown(stream string, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sizes[stream] = size
	if l.waited {
		close(l.changed)
		l.changed, l.waited = make(chan struct{}), false
	}
}

// beyond says whether a stream is longer than the offsets, and gives what to
// wait for if none is.
func (l *life) beyond(out, errs int64) (bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sizes[output.Out] > out || l.sizes[output.Err] > errs {
		return true, nil
	}
	l.waited = true
	return false, l.changed
}

// size is the length of both streams now.
func (l *life) size() [2]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return [2]int64{l.sizes[output.Out], l.sizes[output.Err]}
}

// reading keeps the life's files until released.
func (l *life) reading(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.linger += n
	l.free.Broadcast()
}

// settle lets go of the life's files and waits for what follows the end.
// Preconditions: the caller is reading, and goes on until released.
func (l *life) settle() {
	l.reading(-1)
	<-l.settled
	l.reading(1)
}

func (l *life) waitRead() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.linger > 0 {
		l.free.Wait()
	}
}

// waitDead waits until the process is gone or a zombie.
func waitDead(pidfd *os.File) {
	raw, err := pidfd.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(set, 0)
		return n > 0 || (err != nil && !errors.Is(err, unix.EINTR))
	})
}

// exitLimit is how long the keeper looks for an exit code before it is
// unknown.
const exitLimit = time.Second

// status finds how a dead process ended: by its zombie, by the warden, or by
// what the kernel keeps for the pidfd's holders (6.15 and later), else it is
// unknown. It does not wait longer than exitLimit.
func status(slot *slot, pid int, ticks uint64, pidfd *os.File) Ending {
	if end, ok := orphanEnd(pid, ticks, pidfd); ok {
		return end
	}
	deadline := time.NewTimer(exitLimit)
	defer deadline.Stop()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		select {
		case <-slot.told:
			end := ending(int(slot.exit.Status), slot.exit.Time)
			end.Unborn = slot.exit.Unborn
			return end
		case <-retry.C:
			if end, ok := orphanEnd(pid, ticks, pidfd); ok {
				return end
			}
		case <-deadline.C:
			return Ending{Unknown: true, Code: 255, Time: time.Now()}
		}
	}
}

// orphanEnd is the end of a process that the warden did not tell.
func orphanEnd(pid int, ticks uint64, pidfd *os.File) (Ending, bool) {
	if stat, err := process.ReadStat(pid); err == nil && stat.Ticks == ticks && stat.State == 'Z' {
		end := ending(stat.Code, time.Now())
		end.Unborn = stat.Name == process.Gate
		return end, true
	}
	if pidfd == nil {
		return Ending{}, false
	}
	fd, err := number(pidfd)
	if err != nil {
		return Ending{}, false
	}
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	if err := unix.IoctlPidfdInfo(fd, &info); err != nil || info.Mask&unix.PIDFD_INFO_EXIT == 0 {
		return Ending{}, false
	}
	return ending(int(info.Exit_code), time.Now()), true
}

func ending(status int, at time.Time) Ending {
	w := unix.WaitStatus(status)
	if w.Signaled() {
		return Ending{Code: 128 + int(w.Signal()), Signal: int(w.Signal()), Time: at}
	}
	return Ending{Code: w.ExitStatus(), Time: at}
}

// slot is where the exit of one process will be told.
type slot struct {
	told chan struct{} // closed once exit is set
	exit warden.Exit
}

// exits is the processes whose ends matter to this keeper.
type exits struct {
	mu    sync.Mutex
	slots map[string]*slot
	dir   store.Dir // the warden's links
}

func key(pid int, ticks uint64) string { return warden.Exit{Pid: pid, Ticks: ticks}.Key() }

// expect makes the slot of a process. An end that the warden wrote down
// before is found at once.
func (x *exits) expect(pid int, ticks uint64) *slot {
	x.mu.Lock()
	defer x.mu.Unlock()
	k := key(pid, ticks)
	if s := x.slots[k]; s != nil {
		return s
	}
	s := &slot{told: make(chan struct{})}
	x.slots[k] = s
	if e, ok := x.written(k); ok {
		s.exit = e
		close(s.told)
	}
	return s
}

// written is the end that the warden wrote down.
func (x *exits) written(key string) (warden.Exit, bool) {
	target, err := x.dir.Holder(key)
	if err != nil || target == "" {
		return warden.Exit{}, false
	}
	e, err := warden.ParseExit(key, target)
	return e, err == nil
}

// tell notes an exit; of a process that nobody expects it is forgotten.
func (x *exits) tell(e warden.Exit) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.slots[e.Key()]
	if s == nil {
		_ = x.dir.Remove(e.Key())
		return
	}
	select {
	case <-s.told:
	default:
		s.exit = e
		close(s.told)
	}
}

// done forgets an exit: its outcome is recorded elsewhere.
func (x *exits) done(pid int, ticks uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.slots, key(pid, ticks))
	_ = x.dir.Remove(key(pid, ticks))
}

// clear removes the links that nobody expects.
func (x *exits) clear() error {
	names, err := x.dir.Names(".")
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, n := range names {
		if x.slots[n] == nil {
			_ = x.dir.Remove(n)
		}
	}
	return nil
}

// record is what an exec leaves in the container's run directory while it
// lives, so that another keeper finds it.
type record struct {
	Pid    int    `json:"pid"`
	Ticks  uint64 `json:"ticks"`
	Detach bool   `json:"detach"`
	Caller int    `json:"caller"`
	Began  uint64 `json:"caller_ticks"`
}

func execName(id string) string { return "exec-" + id + ".json" }

func alive(c *container.Container) (*container.Facts, bool) {
	f, err := c.Facts()
	return f, err == nil && f != nil && process.Alive(f.Pid, f.Ticks)
}
