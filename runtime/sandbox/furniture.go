package sandbox

import (
	"errors"
	"fmt"
	"os"
)

// furniture is /dev and what is mounted in it, each detached.
type furniture struct {
	dev *os.File // nil where the user mounts /dev
	pts *os.File
	shm *os.File // nil where it is the user's, or another container's
}

func (f furniture) files() files {
	var all files
	for _, file := range []*os.File{f.dev, f.pts, f.shm} {
		if file != nil {
			all.add(file)
		}
	}
	return all
}

func (f furniture) places() []place {
	var all []place
	for _, p := range []place{{"/dev", f.dev}, {"/dev/pts", f.pts}, {"/dev/shm", f.shm}} {
		if p.file != nil {
			all = append(all, p)
		}
	}
	return all
}

// Close closes what is there.
func (f furniture) Close() error {
	f.files().close()
	return nil
}

// furnish gives the furniture of c, which may be ready. The caller closes it.
func (s *Spawner) furnish(c *Config) (furniture, error) {
	if c.usual() {
		if f, ok := s.devs.try(); ok {
			return f, nil
		}
	}
	return c.furnish()
}

// usual says that c wants what most want: the zero Config's.
func (c *Config) usual() bool {
	return !c.Privileged && len(c.Devices) == 0 && !c.Tty && c.shmSize() == shmSize && c.Ipc.Mode == Own &&
		!c.replaces("/dev") && !c.replaces("/dev/pts") && !c.replaces("/dev/shm")
}

func (c *Config) furnish() (f furniture, err error) {
	if c.replaces("/dev") {
		return f, nil
	}
	if f.dev, err = devices(c); err != nil {
		return f, err
	}
	if !c.replaces("/dev/pts") {
		f.pts, err = terminals()
	}
	if err == nil && !c.joinsShm() && !c.replaces("/dev/shm") {
		f.shm, err = shared(c)
	}
	if err != nil {
		return furniture{}, errors.Join(err, f.Close())
	}
	return f, nil
}

// joinsShm says whether /dev/shm is that of another container, which only the
// stub can reach.
func (c *Config) joinsShm() bool {
	return c.Ipc.Mode == Join && !c.replaces("/dev") && !c.replaces("/dev/shm")
}

// shared is /dev/shm: the host's where the IPC namespace is the host's.
func shared(c *Config) (*os.File, error) {
	if c.Ipc.Mode == Host {
		return Bind("/dev/shm", BindOptions{Attrs: apiAttrs})
	}
	return filesystem("tmpfs", apiAttrs, option{"mode", "1777"}, option{"size", fmt.Sprint(c.shmSize())})
}

const shmSize = 64 << 20 // Docker's

func (c *Config) shmSize() int64 {
	if c.ShmSize == 0 {
		return shmSize
	}
	return c.ShmSize
}
