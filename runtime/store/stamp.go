package store

import "golang.org/x/sys/unix"

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

// Stamp is the stamp of the directory name, which is one path element, or "."
// for d itself.
func (d Dir) Stamp(name string) Stamp {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return Stamp{}
	}
	return Stamp{st.Ino, st.Ctim.Nano()}
}
