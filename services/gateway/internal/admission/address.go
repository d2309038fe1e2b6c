package admission

import (
	"net"
	"net/netip"
)

// siteBits are the leading bits of an IPv6 address by which clients are told apart: whoever has one address of a /64 has them all.
const siteBits = 64

// site is the address that the client at remote, host:port, is counted by. All clients whose address cannot be read have the zero one.
func site(remote string) netip.Addr {
	address := peer(remote)
	if !address.Is6() {
		return address
	}
	prefix, err := address.Prefix(siteBits)
	if err != nil {
		panic(err) // an IPv6 address has so many bits
	}
	return prefix.Addr()
}

// peer is the address in host:port, or the zero one if there is none.
func peer(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return plain(address)
}

// plain is the address without a zone, and an IPv4 address as such where it was written as IPv6.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
