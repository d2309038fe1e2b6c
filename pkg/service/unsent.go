package service

import (
	"net"

	"golang.org/x/sys/unix"
)

// maxUnsent is how many bytes a connection keeps in the kernel beyond what its client has said that it can take. Linux would keep up to 4 MiB for each client
// that reads nothing, which no limit of a service sees.
const maxUnsent = 128 << 10

// boundUnsent has writes wait, or find no room, where maxUnsent waits in the kernel (TCP_NOTSENT_LOWAT, tcp(7)). What is under way to the client does not
// count, so that long and fast paths are as fast as before.
func boundUnsent(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return // it is closed
	}
	_ = raw.Control(func(descriptor uintptr) { // fails for a closed connection only
		_ = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent) // a system without it keeps its own limits
	})
}
