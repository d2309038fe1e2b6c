package service_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"

	"atlasstream/pkg/service"
)

// A counted connection still writes many buffers by one system call.
func TestCountedConnectionsWriteBuffersAtOnce(t *testing.T) {
	connections, err := service.NewConnections(service.ConnectionLimits{Total: 1, Address: 1}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	listener := connections.Limit("public", listen(t))
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	buffers := make(net.Buffers, 500)
	for i := range buffers {
		buffers[i] = []byte("record")
	}
	before := writes(t)
	if _, err := buffers.WriteTo(conn); err != nil {
		t.Fatal(err)
	}
	if calls := writes(t) - before; calls > 100 {
		t.Errorf("%d calls write 500 buffers", calls)
	}
	_ = conn.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != strings.Repeat("record", 500) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

// writes is how many system calls of the process have written.
func writes(t *testing.T) (calls int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "syscw: ")
	if _, err := fmt.Sscan(rest, &calls); err != nil {
		t.Fatal(err)
	}
	return calls
}
