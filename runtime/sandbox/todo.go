package sandbox

import (
	"os"

	"neap/runtime/fault"
)

var errNotYet = fault.New(fault.Unsupported, "not yet written")

// Seccomp is Docker's default filter for a bounding set, compiled.
func Seccomp(caps []string) ([]byte, error) { return nil, errNotYet }

// ParseSeccomp compiles a profile in Docker's JSON form for a bounding set.
func ParseSeccomp(profile []byte, caps []string) ([]byte, error) { return nil, errNotYet }

// Program is what Resolve looks for: the first word of a command, the
// container's PATH ("" is Docker's) and its working directory.
type Program struct {
	Name, Path, Workdir string
}

// Resolve finds a program inside root (a directory descriptor): an absolute
// path, for Config.Exe. fault.NotFound (shells answer 127) or fault.Denied
// (126), with a hint.
func Resolve(root *os.File, p Program) (string, error) { return "", errNotYet }
