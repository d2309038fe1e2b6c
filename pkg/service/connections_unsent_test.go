package service_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"atlasstream/pkg/service"
)

// The kernel keeps little for a client that reads nothing, as the limits of the services do not see it.
func TestAbuseByClientsThatReadNothing(t *testing.T) {
	const offered, most = 16 << 20, 128 << 10
	connections, _, _ := newConnections(t, service.ConnectionLimits{Total: 1, Address: 1})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	conn, err := connections.Limit("public", listener).Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	kept := writeUntilStuck(t, conn, offered)
	t.Logf("%d bytes are kept", kept)
	if kept > most {
		t.Errorf("%d bytes are kept for a client that reads nothing, want at most %d", kept, most)
	}
}

// writeUntilStuck writes while there is room, and returns how many bytes it wrote.
func writeUntilStuck(t *testing.T, conn net.Conn, most int) (written int) {
	t.Helper()
	const stuck = 300 * time.Millisecond
	piece := make([]byte, 64<<10)
	for written < most {
		if err := conn.SetWriteDeadline(time.Now().Add(stuck)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Write(piece)
		written += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return written
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return written
}
