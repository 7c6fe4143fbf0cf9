package warden

import "golang.org/x/sys/unix"

// limitless gives this process, and so all that it starts, the limits of the
// host's first process instead of its caller's. What may not be raised (it
// takes CAP_SYS_RESOURCE) is at least used up to the hard limit; open files
// always are.
func limitless() {
	for resource := range unix.RLIMIT_RTTIME + 1 {
		var own, first unix.Rlimit
		if unix.Prlimit(0, resource, nil, &own) != nil {
			continue
		}
		if unix.Prlimit(1, resource, nil, &first) != nil {
			first = unix.Rlimit{Cur: own.Max, Max: own.Max}
		}
		if resource == unix.RLIMIT_NOFILE {
			first.Max = max(first.Max, own.Max)
			first.Cur = first.Max
		}
		if unix.Prlimit(0, resource, &first, nil) != nil {
			first.Max = min(first.Max, own.Max)
			first.Cur = min(first.Cur, first.Max)
			_ = unix.Prlimit(0, resource, &first, nil)
		}
	}
}
