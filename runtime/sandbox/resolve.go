package sandbox

import (
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Program is what Resolve looks for: the first word of a command, the
// container's PATH ("" is Docker's) and its working directory. Mounts are what
// will be mounted, as in Config, and looked into as well.
type Program struct {
	Name, Path, Workdir string
	Mounts              []Mount
}

// Resolve finds a program inside root (a directory descriptor): an absolute
// path, for Config.Exe. fault.NotFound (shells answer 127) or fault.Denied
// (126), with a hint. What it finds may be gone or changed when it is executed:
// that is the kernel's to judge.
func Resolve(root *os.File, p Program) (string, error) {
	if p.Name == "" {
		return "", fault.New(fault.Invalid, "no command")
	}
	look := finder{places: places{root: root}}
	for _, m := range p.Mounts {
		if real, err := look.real(m.Target); err == nil {
			look.at = append(look.at, place{real, m.Source})
		}
	}
	if strings.Contains(p.Name, "/") {
		return look.absolute(path.Join("/", p.Workdir, p.Name), p)
	}
	return look.inPath(p)
}

// finder looks for programs in a root and the mounts on it.
type finder struct{ places }

func (f *finder) absolute(name string, p Program) (string, error) {
	if path.IsAbs(p.Name) {
		name = path.Clean(p.Name)
	}
	switch err := f.program(name); {
	case err == nil:
		return name, nil
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return "", f.missing(p.Name, "%s: no such file in the image", p.Name)
	default:
		return "", fault.New(fault.Denied, "%s: %v", p.Name, err)
	}
}

func (f *finder) inPath(p Program) (string, error) {
	search := p.Path
	if search == "" {
		search = defaultPath
	}
	var denied error
	for dir := range strings.SplitSeq(search, ":") {
		if !path.IsAbs(dir) {
			dir = path.Join("/", p.Workdir, dir)
		}
		name := path.Join(dir, p.Name)
		switch err := f.program(name); {
		case err == nil:
			return name, nil
		case !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) && denied == nil:
			denied = fault.New(fault.Denied, "%s: %v", name, err)
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", f.missing(p.Name, "%s: no such program in %s", p.Name, search)
}

var (
	errNoFile  = errors.New("it is a directory or a device")
	errNoRight = errors.New("it is not executable")
)

// program says whether a path leads to something that may be executed.
func (f *finder) program(name string) error {
	base, rel := f.top(name)
	if base == nil {
		return unix.ENOENT
	}
	fd, err := inRoot(raw(base), rel, unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	switch err := unix.Fstat(fd, &st); {
	case err != nil:
		return err
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errNoFile
	case st.Mode&0o111 == 0:
		return errNoRight
	}
	return nil
}

// missing is the error for a program that is not there; who asks for a shell
// is told which there are.
func (f *finder) missing(name, format string, args ...any) error {
	err := fault.New(fault.NotFound, format, args...)
	shells := []string{"/bin/bash", "/bin/sh", "/bin/ash", "/bin/dash", "/bin/zsh", "/usr/bin/bash", "/usr/bin/sh"}
	if !slices.Contains(shells, path.Join("/bin", path.Base(name))) {
		return err
	}
	shells = slices.DeleteFunc(shells, func(shell string) bool { return f.program(shell) != nil })
	if len(shells) == 0 {
		return err.WithHint("this image has no shell")
	}
	return err.WithHint("this image has %s", shells[0])
}
