package rootfs

import (
	"archive/tar"
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

func mode(hdr *tar.Header) uint32 { return uint32(hdr.Mode) & 0o7777 }

// adorn gives an open file or directory its owner, mode and attributes, in the
// order in which none undoes another. What it is already costs nothing: each
// change goes through the journal.
func adorn(fd int, hdr *tar.Header) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return os.NewSyscallError("stat", err)
	}
	chown := int(st.Uid) != hdr.Uid || int(st.Gid) != hdr.Gid
	if chown {
		if err := unix.Fchown(fd, hdr.Uid, hdr.Gid); err != nil {
			return os.NewSyscallError("chown", err)
		}
	}
	if chown || st.Mode&0o7777 != mode(hdr) { // a change of owner takes bits away
		if err := unix.Fchmod(fd, mode(hdr)); err != nil {
			return os.NewSyscallError("chmod", err)
		}
	}
	const prefix = "SCHILY.xattr."
	for record, value := range hdr.PAXRecords {
		name, ok := strings.CutPrefix(record, prefix)
		if !ok || !kept(name) {
			continue
		}
		err := unix.Fsetxattr(fd, name, []byte(value), 0)
		if err != nil && !errors.Is(err, unix.ENOTSUP) {
			return os.NewSyscallError("setxattr "+name, err)
		}
	}
	return nil
}

// kept says whether an extended attribute is part of a file's content. Those of
// overlayfs would let an archive say what other layers show, labels belong to
// the host, and trusted ones to whoever trusts.
func kept(name string) bool {
	switch {
	case name == "security.capability", name == "system.posix_acl_access", name == "system.posix_acl_default":
		return true
	case strings.HasPrefix(name, "user."):
		return !strings.HasPrefix(name, "user.overlay.")
	}
	return false
}

// setTimes is for the link or file base, or for dir itself if base is "".
func setTimes(dir int, base string, hdr *tar.Header) error {
	read := hdr.AccessTime
	if read.IsZero() {
		read = hdr.ModTime
	}
	times := []unix.Timespec{timespec(read), timespec(hdr.ModTime)}
	return os.NewSyscallError("utimensat", unix.UtimesNanoAt(dir, base, times, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH))
}

func timespec(t time.Time) unix.Timespec {
	return unix.Timespec{Sec: t.Unix(), Nsec: int64(t.Nanosecond())}
}

func stat(dir *os.File, base string) (st unix.Stat_t, err error) {
	err = unix.Fstatat(int(dir.Fd()), base, &st, unix.AT_SYMLINK_NOFOLLOW)
	return st, err
}

func isDir(dir *os.File, base string) bool {
	st, err := stat(dir, base)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

func same(dirA *os.File, a string, dirB *os.File, b string) bool {
	one, err := stat(dirA, a)
	if err != nil {
		return false
	}
	two, err := stat(dirB, b)
	return err == nil && one.Dev == two.Dev && one.Ino == two.Ino
}

// What a layer calls the removal of a file, and overlayfs the same.
const (
	whiteoutPrefix = ".wh."
	whiteoutMeta   = ".wh..wh."
	whiteoutOpaque = ".wh..wh..opq"
	opaque         = "trusted.overlay.opaque"
)

func isWhiteout(dir *os.File, base string) bool {
	st, err := stat(dir, base)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}

// whiteout hides what lower layers have. What this layer itself put there
// stays: a file hides the lower one anyway, a directory becomes opaque.
func (u *unpacker) whiteout(dir *os.File, base string) error {
	hidden := strings.TrimPrefix(base, whiteoutPrefix)
	switch {
	case base == whiteoutOpaque:
		return os.NewSyscallError("setxattr", unix.Fsetxattr(int(dir.Fd()), opaque, []byte("y"), 0))
	case strings.HasPrefix(base, whiteoutMeta):
		return nil // AUFS's own notes
	case hidden == "" || hidden == "." || hidden == "..":
		return fault.New(fault.Invalid, "a whiteout needs a name")
	}
	err := unix.Mknodat(int(dir.Fd()), hidden, unix.S_IFCHR, 0)
	if errors.Is(err, unix.EEXIST) && isDir(dir, hidden) {
		return hide(dir, hidden)
	}
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return os.NewSyscallError("mknod", err)
}

// uncover puts a directory where a whiteout is; what was hidden stays so.
func (u *unpacker) uncover(dir *os.File, base string) error {
	if err := unix.Unlinkat(int(dir.Fd()), base, 0); err != nil {
		return os.NewSyscallError("unlink", err)
	}
	if err := makeDir(dir, base, 0o755, Owner{}); err != nil {
		return err
	}
	return hide(dir, base)
}

// hide makes the directory base opaque.
func hide(dir *os.File, base string) error {
	f, err := openBeneath(dir, base, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return os.NewSyscallError("setxattr", unix.Fsetxattr(int(f.Fd()), opaque, []byte("y"), 0))
}
