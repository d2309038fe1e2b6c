package parameter

import (
	"net/netip"
	"strings"
)

// Address reads the address of a host, without a zone. An IPv4-mapped IPv6 address is the IPv4 address.
func (v Value) Address() (netip.Addr, error) {
	host, err := netip.ParseAddr(v.Str)
	if err != nil || host.Zone() != "" {
		return netip.Addr{}, v.Invalid(`want an IPv4 or IPv6 address such as "193.0.0.1"`)
	}
	return host.Unmap(), nil
}

// Prefix reads a prefix whose address may lack zeros at its end, as those of 200/8 and 2001:db8/32 do. Bits after the prefix's length do not matter.
func (v Value) Prefix() (netip.Prefix, error) {
	address, length, _ := strings.Cut(v.Str, "/")
	prefix, err := netip.ParsePrefix(complete(address) + "/" + length)
	if err != nil {
		return netip.Prefix{}, v.Invalid(`want an IPv4 or IPv6 prefix such as "193.0.0.0/21", "200/8" or "2001:db8::/32"`)
	}
	const mapped = 96 // bits before the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2)
	if prefix.Addr().Is4In6() && prefix.Bits() >= mapped {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), nil
}

// complete adds the zeros that an address may lack.
func complete(address string) string {
	const octets = 4
	switch colons := strings.Count(address, ":"); {
	case colons == 0:
		missing := octets - 1 - strings.Count(address, ".")
		return address + strings.Repeat(".0", max(missing, 0))
	case colons < 7 && !strings.Contains(address, "::"):
		return address + "::"
	}
	return address
}
