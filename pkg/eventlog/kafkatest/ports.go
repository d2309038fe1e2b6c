package kafkatest

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are below those that systems use for outgoing connections (32768 and up on Linux), so that those of a stopped broker stay free.
const (
	firstPort = 20000
	ports     = 12000
)

// FreeAddresses returns different addresses of 127.0.0.1 with ports that are free.
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
