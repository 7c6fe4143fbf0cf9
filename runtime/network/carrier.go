package network

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// settleLink makes the kernel act at once on a link's carrier, by asking
// whether it has one. Left alone it takes up to a second to let packets
// through a link that just came up, and drops the first ones meanwhile.
// control is any socket of the link's namespace.
func settleLink(control int, link string) error {
	value := struct{ command, data uint32 }{command: unix.ETHTOOL_GLINK}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(control), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}
