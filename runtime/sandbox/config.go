package sandbox

import (
	"os"
)

// A Mode says which namespace of a kind a process gets.
type Mode int

// The modes. Own is a new namespace, Host the one of the caller, Join the one
// that File of a Namespace leads to.
const (
	Own Mode = iota
	Host
	Join
)

// Namespace is one of the namespaces of a process. File is used with Join: a
// pidfd of a process that lives there, or a namespace file. An own network
// namespace may be given as a File too, made before with Spawner.Net.
type Namespace struct {
	Mode Mode
	File *os.File
}

// Config says what Start makes. Files stay the caller's: Start neither keeps
// nor closes them, and they may be closed as soon as it has returned.
type Config struct {
	Root   *os.File // a detached mount (fsmount or open_tree descriptor)
	Attach string   // host directory Root is attached on, in the new mount namespace only

	Argv    []string
	Env     []string
	Exe     string // absolute path inside the container, see Resolve
	Workdir string // absolute, must exist; "" is /

	UID, GID uint32
	Groups   []uint32 // supplementary groups, as they are to be
	Umask    uint32   // as it is to be: Docker has 022

	Hostname   string // "" leaves the host's; set only in an own UTS namespace
	Domainname string

	Mounts []Mount // in order, after /dev and /sys; one whose target is a default's replaces it

	// A process that joins a PID namespace is not its process 1. To join an IPC
	// namespace takes a pidfd: /dev/shm is shared with it.
	Net, Pid, Ipc, Uts, Cgroup Namespace

	CgroupDir     *os.File      // v2 directory the process is born in; nil for none
	Joins         []*os.File    // v1 tasks files opened for writing
	CgroupMounts  []CgroupMount // shown under /sys/fs/cgroup, read-only unless Privileged
	CgroupLinks   []CgroupLink  // symlinks beside them, as cpu -> cpu,cpuacct
	CgroupUnified bool          // a cgroup2 mount at /sys/fs/cgroup instead of CgroupMounts

	Caps       []string // bounding, and for uid 0 permitted and effective; "CAP_" may be left out
	NoNewPrivs bool
	Privileged bool   // all devices, nothing masked or read-only; Caps and Seccomp are taken as given
	Seccomp    []byte // a compiled filter (Seccomp, ParseSeccomp), nil for none

	Rlimits     []Rlimit
	OOMScoreAdj *int // nil leaves the caller's

	Masked, ReadOnly []string          // nil for DefaultMasked and DefaultReadOnly
	Sysctls          map[string]string // namespaced ones only, dotted or slashed
	Devices          []Device          // beside the default ones

	Stdin, Stdout, Stderr *os.File // nil is the container's /dev/null
	Tty                   bool     // a terminal of the container instead; the three must be nil
	Rows, Cols            uint16   // its first size; 0 leaves the kernel's

	Init         bool // the stub stays as process 1, forwards signals and reaps
	ReadOnlyRoot bool
	ShmSize      int64 // bytes; 0 is 64 MiB
	Parent       bool  // the process becomes a child of the caller's parent (CLONE_PARENT)
}

// ExecConfig says what Exec makes: a further process in the namespaces of the
// process that Target is a pidfd of. Pid is that process's id. Fields that
// Config has too mean the same.
type ExecConfig struct {
	Target *os.File
	Pid    int

	Argv    []string
	Env     []string
	Exe     string
	Workdir string

	UID, GID uint32
	Groups   []uint32
	Umask    uint32

	CgroupDir *os.File
	Joins     []*os.File

	Caps       []string
	NoNewPrivs bool
	Seccomp    []byte

	Rlimits     []Rlimit
	OOMScoreAdj *int

	Stdin, Stdout, Stderr *os.File // nil is /dev/null
	Tty                   bool
	Rows, Cols            uint16

	Parent bool
}

// Mount is one mount inside the container. Type is "bind" (Source is a detached
// mount, see Bind) or "tmpfs" (Data as mount(8) takes it: "size=64m,mode=1777").
// Target is absolute; it is made if it is missing, a file for a file. Flags are
// unix.MOUNT_ATTR_* to set. Propagation is "", "private", "rprivate", "slave",
// "rslave", "shared" or "rshared"; "" is what Source has, or private for tmpfs.
type Mount struct {
	Source      *os.File
	Type        string
	Target      string
	Data        string
	Flags       uint64
	Propagation string
}

// CgroupMount shows Source, a detached clone of a cgroup directory, as
// /sys/fs/cgroup/Name.
type CgroupMount struct {
	Name   string
	Source *os.File
}

// CgroupLink is a symlink /sys/fs/cgroup/Name to Target.
type CgroupLink struct{ Name, Target string }

// Device is a node that is made under /dev. Kind is 'c' or 'b', Path absolute.
type Device struct {
	Path         string
	Kind         rune
	Major, Minor uint32
	Mode         uint32 // permission bits; 0 is 0666
	UID, GID     uint32
}

// Rlimit is one resource limit. Name is as ulimits are named ("nofile"), with
// or without "RLIMIT_", in any case. Infinity is ^uint64(0).
type Rlimit struct {
	Name       string
	Soft, Hard uint64
}
