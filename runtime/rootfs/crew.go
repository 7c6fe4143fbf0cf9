package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// crew writes small files while the archive is read on. Whoever reads makes
// every name, in the order of the archive; what a file holds and is needs no
// more than its descriptor, whatever becomes of its name meanwhile.
type crew struct {
	ctx   context.Context // done when one of them failed, too
	group *errgroup.Group
	jobs  chan job
	free  chan []byte
}

// job is a file that was made and is to be written.
type job struct {
	fd   int
	hdr  *tar.Header
	body []byte // a buffer of the crew's
}

const (
	small   = 64 << 10 // a file that the crew is given
	backlog = 32       // files that wait
)

func newCrew(ctx context.Context) *crew {
	c := &crew{jobs: make(chan job, backlog), free: make(chan []byte, backlog)}
	c.group, c.ctx = errgroup.WithContext(ctx)
	for range backlog {
		c.free <- nil // made when first needed
	}
	c.group.Go(c.work)
	return c
}

func (c *crew) work() error {
	for j := range c.jobs {
		err := errors.Join(j.write(), unix.Close(j.fd))
		if err != nil {
			return fault.Wrap("unpack", short(j.hdr.Name), err)
		}
		c.free <- j.body
	}
	return nil
}

// wait sees the last file written. Nothing is at the files after it.
func (c *crew) wait() error {
	close(c.jobs)
	err := c.group.Wait()
	for j := range c.jobs {
		err = errors.Join(err, unix.Close(j.fd))
	}
	return err
}

// take reads a whole body and leaves it and the file to the crew.
func (c *crew) take(fd int, hdr *tar.Header, body io.Reader) error {
	var buf []byte
	select {
	case buf = <-c.free:
	case <-c.ctx.Done():
		return errors.Join(c.ctx.Err(), unix.Close(fd))
	}
	if buf == nil {
		buf = make([]byte, small)
	}
	buf = buf[:hdr.Size]
	if _, err := io.ReadFull(body, buf); err != nil {
		return errors.Join(damaged(err), unix.Close(fd))
	}
	c.jobs <- job{fd, hdr, buf} // there is room for as many as there are buffers
	return nil
}

func (j job) write() error {
	switch {
	case !zero(j.body):
		if err := write(j.fd, j.body, 0); err != nil {
			return err
		}
	case len(j.body) > 0:
		if err := unix.Ftruncate(j.fd, int64(len(j.body))); err != nil {
			return os.NewSyscallError("truncate", err)
		}
	}
	return finish(j.fd, j.hdr)
}

// finish gives a written file all that its header says.
func finish(fd int, hdr *tar.Header) error {
	if err := adorn(fd, hdr); err != nil {
		return err
	}
	return setTimes(fd, "", hdr)
}

func write(fd int, p []byte, at int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(fd, p, at)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("write", err)
		}
		n = max(n, 0)
		p, at = p[n:], at+int64(n)
	}
	return nil
}
