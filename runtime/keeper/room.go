package keeper

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// reserve is how many descriptors stay free for what is under way: starts for
// a moment, ends, and callers.
const reserve = 256

// room refuses a start when the descriptors come to their end: what lives must
// be able to end in order.
func room() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	free, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.Close(free)
	}
	if err == nil && uint64(free)+reserve < limit.Cur {
		return nil
	}
	return &fault.Error{
		Kind: fault.Unsupported,
		Message: fmt.Sprintf("the keeper may open %d files (RLIMIT_NOFILE) and keeps %d free for its work: a running container takes 3, and one for each published port",
			limit.Cur, reserve),
		Hint: fmt.Sprintf("stop some, or raise the limit of keeper and warden: prlimit --nofile=%d --pid %d, and the same with --pid %d",
			max(4*limit.Cur, 1<<16), os.Getpid(), os.Getppid()),
	}
}
