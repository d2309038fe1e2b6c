// Package clientip has the rule by which clients are counted wherever a limit is by address: the address, or its networks. It also finds the address of a
// client behind proxies.
package clientip

import (
	"net"
	"net/netip"
)

const (
	// subnetBits are the bits of an IPv6 address that distinguish clients: a host may use any address of its subnet, a /64 (RFC 4291, section 2.5.1).
	subnetBits = 64
	// siteBits are those of the network of one customer (RFC 6177), which has 65,536 subnets.
	siteBits = 48
)

// SiteFactor is how many times the limit of one address all addresses of an IPv6 /48 have together.
const SiteFactor = 4

// Network is a network whose clients have together Factor times the limit of one address.
type Network struct {
	netip.Prefix
	Factor int
}

// Networks returns the networks in which an address counts, the narrowest first: an IPv4 address itself, or the /64 and the /48 of an IPv6 address. All unknown
// addresses, which are zero, count as one.
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

// Site is the widest network of an address: an IPv6 /48, or the IPv4 address itself. Limits on the share of an address count by it, so that a few subnets of
// one site do not get everything.
func Site(address netip.Addr) netip.Prefix {
	networks := Networks(address)
	return networks[len(networks)-1].Prefix
}

// Describe names the network in messages to a client that counts in it.
func (n Network) Describe() string {
	if n.Factor > 1 {
		return n.String()
	}
	return "this address"
}

// Of returns the address in host:port, such as http.Request.RemoteAddr, or the zero address if there is none.
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

// Plain is the address without a zone; an IPv4-mapped IPv6 address becomes IPv4.
func Plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
