package engine

import (
	"os"

	"neap/runtime/container"
	"neap/runtime/fault"
)

// relabel is what z and Z ask for. Where SELinux is off there is nothing to
// label, as with Docker.
func relabel(m container.Mount) error {
	if m.Relabel == "" {
		return nil
	}
	if _, err := os.Stat("/sys/fs/selinux/enforce"); err != nil {
		return nil
	}
	return fault.New(fault.Unsupported, "relabelling (%s) is not done on hosts with SELinux yet", m.Relabel).
		WithHint("label it by hand: chcon -Rt container_file_t %s", m.Source)
}
