// Package clientip tells by which networks a client is counted where a limit is by address. It is the one rule of every such limit.
package clientip

import (
	"net"
	"net/netip"
)

const (
	// subnetBits are the leading bits of an IPv6 address by which clients are told apart: a host has the whole /64 that its subnet is (RFC 4291, section
	// 2.5.1), and may come from any address in it.
	subnetBits = 64
	// siteBits are those of what one customer may get (RFC 6177): 65,536 subnets, each of which would be a client of its own.
	siteBits = 48
)

// SiteFactor is how many times what an address may use all addresses of an IPv6 /48 may use together.
const SiteFactor = 4

// Network is a network that a client is counted in, whose clients may together use Factor times what one address may.
type Network struct {
	netip.Prefix
	Factor int
}

// Networks gives the networks of an address, the narrowest first: of an IPv4 address itself, of an IPv6 address its /64 and its /48. An address that could
// not be read, the zero one, is counted with all others of that kind.
func Networks(address netip.Addr) []Network {
	address = Plain(address)
	if !address.Is6() {
		return []Network{{Prefix: netip.PrefixFrom(address, address.BitLen()), Factor: 1}}
	}
	return []Network{
		{Prefix: netip.PrefixFrom(address, subnetBits).Masked(), Factor: 1},
		{Prefix: netip.PrefixFrom(address, siteBits).Masked(), Factor: SiteFactor},
	}
}

// Site is the widest network of an address: an IPv6 /48, or the IPv4 address itself. Limits that keep an address from having more than a part of something
// count by it, or a few subnets of one site would have it all.
func Site(address netip.Addr) netip.Prefix {
	networks := Networks(address)
	return networks[len(networks)-1].Prefix
}

// Describe names the network to a client that is counted in it.
func (n Network) Describe() string {
	if n.Factor > 1 {
		return n.String()
	}
	return "this address"
}

// Of gives the address in host:port, as http.Request.RemoteAddr has it, or the zero address if there is none.
func Of(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return Plain(address)
}

// Plain is the address without a zone, and an IPv4 address as such where it was written as IPv6.
func Plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
