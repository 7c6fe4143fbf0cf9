// Package sandbox gives a process its walls: namespaces, mounts, pivot,
// capabilities, the seccomp filter, resource limits, the terminal.
//
// It knows the launch list (system calls with prepared arguments) and the stub
// that runs it. It knows no container, no image, no network: roots and bind
// sources come in as descriptors of detached mounts, cgroups as descriptors of
// their files, and whoever starts a process wires its network while the stub
// waits at the gate. It never resolves a path of a container by string.
package sandbox
