package ingest

import (
	"net/netip"
)

// siteBits is the part of an IPv6 address that tells one client from another: everybody has the rest to choose from.
const siteBits = 64

// prefixOf gives whom a remote address stands for, given as "host:port": an IPv4 address, or the /64 of an IPv6 one. Whatever has no such address counts
// as one client.
func prefixOf(remote string) netip.Prefix {
	endpoint, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	address := endpoint.Addr().Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = siteBits
	}
	prefix, _ := address.Prefix(bits) // fails for more bits than there are
	return prefix
}
