package kafkatest

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are taken below those that systems give to outgoing connections (32768 and up on Linux), so that a stopped broker finds its own free again.
const (
	firstPort = 20000
	ports     = 12000
)

// FreeAddresses finds addresses of 127.0.0.1 that are free now, all different.
func FreeAddresses(count int) (addresses []string, err error) {
	var held []net.Listener
	defer func() {
		for _, listener := range held {
			_ = listener.Close()
		}
	}()
	for _, offset := range rand.Perm(ports) {
		if len(addresses) == count {
			return addresses, nil
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+offset))
		if err != nil {
			continue
		}
		held = append(held, listener)
		addresses = append(addresses, listener.Addr().String())
	}
	return nil, fmt.Errorf("no %d free ports from %d to %d", count, firstPort, firstPort+ports-1)
}
