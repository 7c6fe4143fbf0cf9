// Package sandbox gives a process its walls: namespaces, mounts, pivot,
// capabilities, the seccomp filter, resource limits, the terminal.
//
// It knows the launch list (system calls with prepared arguments) and the stub
// that runs it. It knows no container, no image, no network: roots and bind
// sources come in as descriptors of detached mounts, cgroups as descriptors of
// their files, and whoever starts a process wires its network while the stub
// waits at the gate. It never resolves a path of a container by string.
//
// How a process starts, over one socket:
//
//	caller                              stub
//	makes what can be made detached
//	list            ------------->
//	clones it into new namespaces       joins cgroups, attaches mounts, pivots
//	                <-------------      ready; or error {operation, errno}
//	                <-------------      child {pid, pidfd}, where it had to fork
//	wires the network (Process.Go)
//	one byte        ------------->      takes ids, capabilities, filter
//	end of file     <-------------      the program runs; or error
package sandbox
