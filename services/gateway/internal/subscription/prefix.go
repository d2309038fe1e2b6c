package subscription

import (
	"net/netip"
	"strings"

	"github.com/tidwall/gjson"
)

// address reads the address of a host.
func address(role role) parameter {
	return func(p *parser, name string, value gjson.Result) error {
		host, err := netip.ParseAddr(value.String())
		if err != nil || value.Type != gjson.String || host.Zone() != "" {
			return invalid(name, value, `want an IPv4 or IPv6 address such as "193.0.0.1"`)
		}
		host = host.Unmap()
		p.addCondition(&within{role, netip.PrefixFrom(host, host.BitLen())})
		return nil
	}
}

// prefix reads a prefix.
func prefix(role role) parameter {
	return func(p *parser, name string, value gjson.Result) error {
		prefix, ok := parsePrefix(value.String())
		if !ok || value.Type != gjson.String {
			return invalid(name, value, `want an IPv4 or IPv6 prefix such as "193.0.0.0/21", "200/8" or "2001:db8::/32"`)
		}
		p.addCondition(&within{role, prefix})
		return nil
	}
}

// parsePrefix reads a prefix whose address may lack zeros at its end, as 200/8 and 2001:db8/32 do. Bits behind the prefix's length do not matter.
func parsePrefix(text string) (netip.Prefix, bool) {
	address, length, _ := strings.Cut(text, "/")
	prefix, err := netip.ParsePrefix(complete(address) + "/" + length)
	if err != nil {
		return netip.Prefix{}, false
	}
	const mapped = 96 // bits before the IPv4 address in an IPv6 address that it is mapped into
	if prefix.Addr().Is4In6() && prefix.Bits() >= mapped {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), true
}

// complete adds the zeros that may be missing.
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
