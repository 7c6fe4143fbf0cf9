package rootfs

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// pageLimit is the kernel's bound on the options of mount(2).
const pageLimit = 4095

// mountApart mounts with mount(2), whose options may be longer than a text of
// fsconfig: enough for every image on a kernel before 6.7. That call attaches,
// so it is made in a mount namespace that nobody else sees.
func (o Overlay) mountApart() (mnt *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() { // the first thread cannot end; while it waits, another is taken
			defer runtime.UnlockOSThread()
			mnt, err = o.mountApart()
			return
		}
		// Never unlocked: the thread ends with the goroutine, and the namespace with it.
		mnt, err = o.mountAttached()
	}()
	<-done
	return mnt, fault.Wrap("mount", "overlay", err)
}

// mountAttached takes the thread into a mount namespace of its own, mounts
// there and gives a copy of the mount that is attached nowhere.
func (o Overlay) mountAttached() (*os.File, error) {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return nil, os.NewSyscallError("unshare", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, os.NewSyscallError("mount private", err)
	}
	dirs := &pins{} // opened here: the kernel wants layers of the thread's own namespace
	defer dirs.close()
	options, err := o.options(dirs)
	if err != nil {
		return nil, err
	}
	at := o.Lower[0]
	if err := unix.Mount("overlay", at, "overlay", 0, options); err != nil {
		return nil, os.NewSyscallError("mount", err)
	}
	defer unix.Unmount(at, unix.MNT_DETACH) //nolint:errcheck // the namespace takes it along
	fd, err := unix.OpenTree(unix.AT_FDCWD, at, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("open_tree", err)
	}
	return o.sealed(os.NewFile(uintptr(fd), "overlay"))
}

// options is what mount(2) is told of the layers and of the settings.
func (o Overlay) options(dirs *pins) (string, error) {
	lower, err := dirs.list(o.Lower)
	if err != nil {
		return "", err
	}
	options := []string{"lowerdir=" + lower}
	if o.Upper != "" {
		for _, layer := range [][2]string{{"upperdir", o.Upper}, {"workdir", o.Work}} {
			text, err := dirs.pin(layer[1])
			if err != nil {
				return "", err
			}
			options = append(options, layer[0]+"="+text)
		}
	}
	for _, s := range o.settings() {
		options = append(options, s[0]+"="+s[1])
	}
	if o.Volatile && o.Upper != "" {
		options = append(options, "volatile")
	}
	text := strings.Join(options, ",")
	if len(text) > pageLimit {
		return "", fault.New(fault.Unsupported, "this kernel stacks no more than about 200 layers, the image has %d", len(o.Lower)).
			WithHint("a kernel of 6.7 or later has no such bound")
	}
	return text, nil
}

// sealed closes the mount if it cannot be made as read-only as it must be.
func (o Overlay) sealed(mnt *os.File) (*os.File, error) {
	if !o.ReadOnly && o.Upper != "" {
		return mnt, nil
	}
	if err := Seal(mnt); err != nil {
		mnt.Close()
		return nil, err
	}
	return mnt, nil
}
