package peers

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"atlasstream/pkg/clientip"
)

// ownAddresses are those at which this gateway can be reached by its peers.
type ownAddresses struct {
	port      uint16
	addresses []netip.Addr
}

// newOwnAddresses has the address of a listener, or those of the machine if it listens at all of them.
func newOwnAddresses(listen netip.AddrPort) (ownAddresses, error) {
	if !listen.Addr().IsUnspecified() {
		return ownAddresses{listen.Port(), []netip.Addr{clientip.Plain(listen.Addr())}}, nil
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return ownAddresses{}, fmt.Errorf("the addresses of this machine: %w", err)
	}
	own := ownAddresses{port: listen.Port()}
	for _, address := range interfaces {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			own.addresses = append(own.addresses, clientip.Plain(prefix.Addr()))
		}
	}
	return own, nil
}

func (o ownAddresses) have(peer netip.AddrPort) bool {
	return peer.Port() == o.port && slices.Contains(o.addresses, peer.Addr())
}

// guess is the address that the others probably use, as long as none is among the peers: the first one that is not of this machine only.
func (o ownAddresses) guess() netip.AddrPort {
	if i := slices.IndexFunc(o.addresses, netip.Addr.IsGlobalUnicast); i >= 0 {
		return netip.AddrPortFrom(o.addresses[i], o.port)
	}
	return netip.AddrPortFrom(append(o.addresses, netip.IPv4Unspecified())[0], o.port)
}
