package sandbox

import (
	"path"
	"strings"

	"neap/runtime/fault"
)

const nameMax = 64 // the kernel's, for host and domain names

func (c *Config) check() error {
	if c.Root == nil || c.Attach == "" {
		return fault.New(fault.Invalid, "no root")
	}
	if len(c.Hostname) > nameMax || len(c.Domainname) > nameMax {
		return fault.New(fault.Invalid, "a host name has at most %d bytes", nameMax)
	}
	for _, n := range []Namespace{c.Net, c.Pid, c.Ipc, c.Uts, c.Cgroup} {
		if n.Mode == Join && n.File == nil {
			return fault.New(fault.Invalid, "no namespace to join")
		}
	}
	return checkProgram(c.Exe, c.Workdir, c.Argv, c.Env)
}

func (c *ExecConfig) check() error {
	if c.Target == nil {
		return fault.New(fault.Invalid, "no process to join")
	}
	if c.Tty && (c.Stdin != nil || c.Stdout != nil || c.Stderr != nil) {
		return fault.New(fault.Invalid, "a process has a terminal or streams, not both")
	}
	return checkProgram(c.Exe, c.Workdir, c.Argv, c.Env)
}

func checkProgram(exe, workdir string, argv, env []string) error {
	switch {
	case !path.IsAbs(exe):
		return fault.New(fault.Invalid, "program %q is not an absolute path", exe)
	case len(argv) == 0:
		return fault.New(fault.Invalid, "no program")
	case workdir != "" && !path.IsAbs(workdir):
		return fault.New(fault.Invalid, "working directory %q is not an absolute path", workdir)
	}
	for _, words := range [][]string{{exe, workdir}, argv, env} {
		for _, word := range words {
			if strings.ContainsRune(word, 0) {
				return fault.New(fault.Invalid, "%q has a zero byte", word)
			}
		}
	}
	return nil
}
