//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command neap is a Linux container runtime that is programmed in Lua.
//
// This package is the front door. It knows the process: arguments,
// environment, standard streams, exit codes, and which role the process has.
// It does not know what a container is: wire.go joins the rooms that do.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/engine"
	"neap/runtime/keeper"
	"neap/runtime/warden"
)

// version is what callers and keepers of one root must agree on.
const version = "0.1.0"

func main() { os.Exit(role()) }

// role is what this process is: warden, keeper, or a caller, perhaps a limited
// one.
func role() int {
	unix.Umask(0o022)
	switch os.Args[0] {
	case warden.Role:
		debug.SetGCPercent(20) // little work for long: a first collection at 800 kB, not at 4 MB
		return outcome(warden.Main(rootArgument()))
	case warden.KeeperRole:
		return outcome(engine.Serve(keeperOptions(rootArgument()), linger))
	case limitedRole:
		return limited()
	default:
		return caller(nil)
	}
}

// linger is how long a keeper stays with nothing to keep: the next command
// finds it there.
const linger = 5 * time.Second

func rootArgument() string {
	if len(os.Args) > 1 {
		return os.Args[1]
	}
	return ""
}

// outcome is the exit status that a warden expects of a keeper: 0 it left for
// good, 1 it could not begin or failed, 3 another warden took over.
func outcome(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, keeper.ErrOrphaned):
		report("%v", err)
		return 3
	default:
		report("%v", err)
		return 1
	}
}

// report writes a line to where the role's messages go: its standard error,
// which is the root's keeper.log.
func report(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s %s[%d]: %s\n", time.Now().UTC().Format(time.RFC3339Nano), os.Args[0], os.Getpid(), fmt.Sprintf(format, args...))
}
