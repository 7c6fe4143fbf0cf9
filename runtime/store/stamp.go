package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// Stamp tells whether the entries of a directory are what they were: every
// file that Write, Remove or a lock makes, replaces or removes in it changes
// it. Two changes within Grain may have one stamp. The zero Stamp is that of a
// directory which is not there.
type Stamp struct {
	Inode uint64
	Time  int64 // of the last change, in nanoseconds since 1970
}

// Grain is how close together two changes may be without different times, on
// any kernel: several ticks of its clock.
const Grain = 100_000_000

// Stamps reads the stamps of the directories below one.
type Stamps struct{ f *os.File }

// Stamps opens d for reading stamps. The caller closes it.
func (d Dir) Stamps() (Stamps, error) {
	f, err := d.Open(".")
	return Stamps{f}, err
}

// Close closes it.
func (s Stamps) Close() error { return s.f.Close() }

// Of is the stamp of the directory name, which is one path element, or "." for
// d itself.
func (s Stamps) Of(name string) Stamp {
	var st unix.Stat_t
	if err := unix.Fstatat(int(s.f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return Stamp{}
	}
	return Stamp{st.Ino, st.Ctim.Nano()}
}
