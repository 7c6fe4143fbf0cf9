package port

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"neap/runtime/fault"
)

// Owner is who has a port: a container of ours, or a process.
type Owner struct {
	Container string // "" for a foreign process
	PID       int    // 0 if it cannot be told: the port is kept by closed connections, or the process is not visible here
	Command   string
}

// String names the owner in a sentence.
func (o Owner) String() string {
	switch {
	case o.Container != "":
		return "container " + o.Container[:min(len(o.Container), 12)]
	case o.PID != 0:
		return fmt.Sprintf("process %d (%s)", o.PID, o.Command)
	}
	return "somebody who cannot be told, or closed connections"
}

// Owner says who has a port of the host, on whatever address; false if nobody.
func (p *Ports) Owner(protocol string, port uint16) (Owner, bool, error) {
	o, found, err := p.owner(protocol, port, "")
	return o, found, fault.Wrap("tell the owner of port", fmt.Sprintf("%d/%s", port, protocol), err)
}

// owner looks at the claims of others than the container, then at all
// processes.
func (p *Ports) owner(protocol string, port uint16, except string) (Owner, bool, error) {
	if protocol == "" {
		protocol = "tcp"
	}
	claims, err := p.List()
	if err != nil {
		return Owner{}, false, err
	}
	for _, c := range claims {
		if c.Protocol == protocol && c.HostPort == port && c.Container != except {
			return Owner{Container: c.Container}, true, nil
		}
	}
	sockets := map[string]bool{}
	for _, table := range []string{protocol, protocol + "6"} {
		if err := inodes(table, port, sockets); err != nil {
			return Owner{}, false, err
		}
	}
	if len(sockets) == 0 {
		return Owner{}, false, nil
	}
	o, err := process(sockets)
	return o, true, err
}

// inodes collects the sockets of a table of /proc/net that are bound to port.
// A bound TCP socket that neither listens nor is connected is in no table.
func inodes(table string, port uint16, into map[string]bool) error {
	body, err := os.ReadFile("/proc/thread-self/net/" + table)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	suffix := fmt.Sprintf(":%04X", port)
	for row := range strings.Lines(string(body)) {
		f := strings.Fields(row)
		if len(f) > 9 && strings.HasSuffix(f[1], suffix) && (f[3] == "0A" || f[3] == "07" || f[3] == "01") {
			into["socket:["+f[9]+"]"] = true
		}
	}
	return nil
}

// process finds one that has one of the sockets open.
func process(sockets map[string]bool) (Owner, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return Owner{}, err
	}
	for _, dir := range dirs {
		fds, err := os.ReadDir(dir + "/fd")
		if err != nil {
			continue // it ended, or is not ours to see
		}
		for _, fd := range fds {
			if target, err := os.Readlink(dir + "/fd/" + fd.Name()); err == nil && sockets[target] {
				pid, _ := strconv.Atoi(filepath.Base(dir))
				comm, _ := os.ReadFile(dir + "/comm")
				return Owner{PID: pid, Command: string(bytes.TrimSpace(comm))}, nil
			}
		}
	}
	return Owner{}, nil
}
