package sandbox

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

var errNotYet = fault.New(fault.Unsupported, "not yet written")

// Spawner starts processes. It is safe for use by several goroutines.
type Spawner struct{}

// New prepares the stub. The caller closes the Spawner.
func New() (*Spawner, error) { return nil, errNotYet }

// Close gives the stub's memory back. Running processes are not touched.
func (s *Spawner) Close() error { return nil }

// Start makes the namespaces and mounts of c and returns when the stub waits at
// the gate: /proc/PID/ns/net is there to be wired. On an error nothing is left.
func (s *Spawner) Start(ctx context.Context, c *Config) (*Process, error) { return nil, errNotYet }

// Exec is Start for a further process in running namespaces.
func (s *Spawner) Exec(ctx context.Context, c *ExecConfig) (*Process, error) { return nil, errNotYet }

// Go opens the gate. It returns nil once the program was executed; else the
// error wraps an *ExecError and the process is gone.
func (p *Process) Go() error { return errNotYet }

// Abort ends a process that waits at its gate.
func (p *Process) Abort() {}

// Wait waits for a process that is a child of the caller and reaps it.
func (p *Process) Wait() (unix.WaitStatus, error) { return 0, errNotYet }

// BindOptions says how Bind clones.
type BindOptions struct {
	ReadOnly    bool
	Recursive   bool
	Attrs       uint64 // further unix.MOUNT_ATTR_*
	Propagation string // as in Mount; "" is rprivate
}

// Bind is a detached clone of the mount at a path of the host.
func Bind(source string, o BindOptions) (*os.File, error) { return nil, errNotYet }

// BindFile is Bind for what is already open (O_PATH is enough).
func BindFile(source *os.File, o BindOptions) (*os.File, error) { return nil, errNotYet }

// DefaultCaps are Docker's 14.
func DefaultCaps() []string { return nil }

// CapNames are the names of all capabilities of this kernel, with "CAP_".
func CapNames() []string { return nil }

// Capabilities is the set that add and drop make of the default one, within
// what the caller's bounding set allows. "ALL" stands for all.
func Capabilities(add, drop []string, privileged bool) ([]string, error) { return nil, errNotYet }

// Seccomp is Docker's default filter for a bounding set, compiled.
func Seccomp(caps []string) ([]byte, error) { return nil, errNotYet }

// ParseSeccomp compiles a profile in Docker's JSON form for a bounding set.
func ParseSeccomp(profile []byte, caps []string) ([]byte, error) { return nil, errNotYet }

// DefaultMasked are the paths that read empty, as Docker has them.
func DefaultMasked() []string { return nil }

// DefaultReadOnly are the paths that refuse writes, as Docker has them.
func DefaultReadOnly() []string { return nil }

// Program is what Resolve looks for: the first word of a command, the
// container's PATH ("" is Docker's) and its working directory.
type Program struct {
	Name, Path, Workdir string
}

// Resolve finds a program inside root (a directory descriptor): an absolute
// path, for Config.Exe. fault.NotFound (shells answer 127) or fault.Denied
// (126), with a hint.
func Resolve(root *os.File, p Program) (string, error) { return "", errNotYet }
