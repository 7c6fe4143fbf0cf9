package firewall

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// generation is the number that nf_tables gives each change of any rule on
// this host, 0 if it cannot be told. Asking costs microseconds, where reading
// the rules costs milliseconds.
func generation() uint32 {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	wait := unix.Timeval{Sec: 1}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return 0
	}
	if err := unix.Sendto(fd, askGeneration(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0
	}
	return readGeneration(answer[:n])
}

// askGeneration is a message NFT_MSG_GETGEN: netlink's header and nfgenmsg.
func askGeneration() []byte {
	m := make([]byte, unix.NLMSG_HDRLEN+4)
	binary.NativeEndian.PutUint32(m[0:], uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_GETGEN)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST)
	return m
}

// readGeneration finds the attribute NFTA_GEN_ID.
func readGeneration(m []byte) uint32 {
	if len(m) < unix.NLMSG_HDRLEN+4 || binary.NativeEndian.Uint16(m[4:]) != unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_NEWGEN {
		return 0
	}
	for m = m[unix.NLMSG_HDRLEN+4:]; len(m) >= 8; {
		size := int(binary.NativeEndian.Uint16(m[0:]))
		if size < 4 || size > len(m) {
			return 0
		}
		if binary.NativeEndian.Uint16(m[2:]) == unix.NFTA_GEN_ID && size >= 8 {
			return binary.BigEndian.Uint32(m[4:])
		}
		m = m[min((size+3)&^3, len(m)):]
	}
	return 0
}
