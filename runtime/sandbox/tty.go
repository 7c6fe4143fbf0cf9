package sandbox

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// terminals makes the file system of /dev/pts, detached.
func terminals() (*os.File, error) {
	return filesystem("devpts", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC,
		option{"newinstance", ""}, option{"ptmxmode", "0666"}, option{"mode", "0620"}, option{"gid", "5"})
}

// pair is a terminal of the devpts at pts: its master and its slave side.
func pair(pts *os.File, uid uint32, rows, cols uint16) (master, slave *os.File, err error) {
	fd, err := unix.Openat(raw(pts), "ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, fault.Wrap("open", "/dev/pts/ptmx", err)
	}
	peer, err := unlock(fd, uid, rows, cols)
	if err != nil {
		unix.Close(fd)
		return nil, nil, fault.Wrap("make", "terminal", err)
	}
	return os.NewFile(uintptr(fd), "terminal"), os.NewFile(uintptr(peer), "terminal"), nil
}

func unlock(master int, uid uint32, rows, cols uint16) (peer int, err error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return -1, err
	}
	if rows != 0 || cols != 0 {
		if err := unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols}); err != nil {
			return -1, err
		}
	}
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return -1, errno
	}
	if uid == 0 {
		return int(fd), nil
	}
	if err := unix.Fchown(int(fd), int(uid), -1); err != nil {
		unix.Close(int(fd))
		return -1, err
	}
	return int(fd), nil
}

// ptsOf opens the devpts that a running container has at /dev/pts. What is
// there may have been put by the container: only a devpts is taken.
func ptsOf(pid int) (*os.File, error) {
	root, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fault.Wrap("open root of process", strconv.Itoa(pid), err)
	}
	defer unix.Close(root)
	fd, err := inRoot(root, "dev/pts", unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return nil, fault.Wrap("open", "/dev/pts", err)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil || st.Type != unix.DEVPTS_SUPER_MAGIC {
		unix.Close(fd)
		return nil, errors.Join(fault.New(fault.Denied, "/dev/pts of the container is no devpts"), err)
	}
	return os.NewFile(uintptr(fd), "/dev/pts"), nil
}
