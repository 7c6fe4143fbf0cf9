package keeper

import (
	"errors"
	"os"
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
	exit    *wait         // for the end of its process
	ended   chan struct{} // closed when Finish is through
	settled chan struct{} // closed when what follows the end is done
	removes bool          // AutoRemove
	end     Ending
	slot    *slot
	taken   bool // taken up from an earlier keeper
	gated   bool // taken, and nothing tells that its program was let run

	mu      sync.Mutex
	out     int64 // length of the streams
	errs    int64
	changed chan struct{} // closed at the next growth, if anybody waits
	linger  int           // callers that still read its output
	free    chan struct{} // closed when linger falls to 0, if anybody waits
	pumps   []*pump
	moving  int           // pumps that are not over
	dry     chan struct{} // closed when moving falls to 0, if anybody waits
}

func newLife(c *container.Container, start int) *life {
	return &life{c: c, id: c.ID, start: start, ended: make(chan struct{}), settled: make(chan struct{})}
}

// released names the descriptor of a start's process. It is held once the
// program may run, which tells another keeper so.
const released = "pidfd"

// holdGroup is the name under which the warden holds the descriptors of a
// start.
func holdGroup(id string, start int) string { return id + "/" + itoa(start) }

// grown tells whoever waits that a stream has so many bytes now.
func (l *life) grown(stream string, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if stream == output.Err {
		l.errs = size
	} else {
		l.out = size
	}
	wake(&l.changed)
}

// wake wakes whoever waits for a channel that is there only if somebody does.
func wake(waited *chan struct{}) {
	if *waited != nil {
		close(*waited)
		*waited = nil
	}
}

// beyond says whether a stream is longer than the offsets, and gives what to
// wait for if none is.
func (l *life) beyond(out, errs int64) (bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out > out || l.errs > errs {
		return true, nil
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return false, l.changed
}

// size is the length of both streams now.
func (l *life) size() [2]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return [2]int64{l.out, l.errs}
}

func (l *life) pumping(p *pump) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pumps = append(l.pumps, p)
	l.moving++
}

func (l *life) pumped() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moving--; l.moving == 0 {
		wake(&l.dry)
	}
}

// complete is closed once all pumps are over.
func (l *life) complete() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	dry := make(chan struct{})
	if l.moving == 0 {
		close(dry)
	} else {
		l.dry = dry
	}
	return dry
}

// stop ends the pumps.
func (l *life) stop() {
	l.mu.Lock()
	pumps := l.pumps
	l.mu.Unlock()
	for _, p := range pumps {
		p.stop()
	}
}

// reading keeps the life's files until released.
func (l *life) reading(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.linger += n; l.linger == 0 {
		wake(&l.free)
	}
}

// settle lets go of the life's files and waits for what follows the end.
// Preconditions: the caller is reading, and goes on until released.
func (l *life) settle() {
	l.reading(-1)
	<-l.settled
	l.reading(1)
}

func (l *life) waitRead() {
	for free := l.unread(); free != nil; free = l.unread() {
		<-free
	}
}

// unread is what to wait for while somebody still reads; nil if nobody does.
func (l *life) unread() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.linger == 0 {
		return nil
	}
	if l.free == nil {
		l.free = make(chan struct{})
	}
	return l.free
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
	if stat, err := process.ReadStat(pid); err == nil && stat.Ticks == ticks && stat.Dead() {
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
