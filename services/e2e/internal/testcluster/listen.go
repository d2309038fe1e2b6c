package testcluster

import (
	"net"
	"testing"

	"atlasstream/pkg/eventlog/kafkatest"
)

// Listen opens a listener on a free port of this machine.
func Listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// FreeAddresses returns addresses that nothing listens on, for services that open their listeners themselves.
func FreeAddresses(t *testing.T, count int) []string {
	t.Helper()
	addresses, err := kafkatest.FreeAddresses(count)
	if err != nil {
		t.Fatal(err)
	}
	return addresses
}
