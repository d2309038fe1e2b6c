package subscription

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// role is what an address has to do with a record.
type role int

const (
	source      role = iota // of the probe, as it sees itself and as the Internet sees it
	destination             // of the target
	passing                 // of a hop that answered, in a traceroute
	roles
)

func (r role) String() string { return [...]string{"source", "destination", "passing"}[r] }

// roleMembers are the paths of the addresses with a role in records of a type (RIPE Atlas, "Result Data Structures"). If a measurement failed before it began,
// its results have the target in dst_name only, which is an address if the measurement was given one.
var roleMembers = [roles]map[string][]string{
	source: {
		"dns":     {"src_addr", "from", "resultset.src_addr"},
		"http":    {"src_addr", "from", "result.src_addr"},
		"wifi":    {"from", "wpa_supplicant.ip_address"},
		otherType: {"src_addr", "from"},
	},
	destination: {
		"dns":     {"dst_addr", "dst_name", "name", "resultset.dst_addr"},
		"http":    {"dst_addr", "dst_name", "result.dst_addr"},
		"ping":    {"dst_addr", "dst_name", "addr", "name"}, // addr and name: of firmware 1
		otherType: {"dst_addr", "dst_name"},
	},
	passing: {
		"traceroute": {"result.result.from"},
	},
}

const otherType = ""

func (r role) members(recordType string) []string {
	if members, exist := roleMembers[r][recordType]; exist {
		return members
	}
	return roleMembers[r][otherType]
}

// readAddress reads the address of a host: the prefix with nothing else in it.
func readAddress(role role) readParameter {
	return func(p *parser, name string, value gjson.Result) error {
		host, err := netip.ParseAddr(value.String())
		if err != nil || value.Type != gjson.String || host.Zone() != "" {
			return invalid(name, value, `want an IPv4 or IPv6 address such as "193.0.0.1"`)
		}
		host = host.Unmap()
		p.addCondition(&inPrefix{role, netip.PrefixFrom(host, host.BitLen())})
		return nil
	}
}

func readPrefix(role role) readParameter {
	return func(p *parser, name string, value gjson.Result) error {
		prefix, ok := parsePrefix(value.String())
		if !ok || value.Type != gjson.String {
			return invalid(name, value, `want an IPv4 or IPv6 prefix such as "193.0.0.0/21", "200/8" or "2001:db8::/32"`)
		}
		p.addCondition(&inPrefix{role, prefix})
		return nil
	}
}

// parsePrefix parses a prefix whose address may lack zeros at its end, as those of 200/8 and 2001:db8/32 do. Bits after the prefix's length do not matter.
func parsePrefix(text string) (netip.Prefix, bool) {
	address, length, _ := strings.Cut(text, "/")
	prefix, err := netip.ParsePrefix(complete(address) + "/" + length)
	if err != nil {
		return netip.Prefix{}, false
	}
	const mapped = 96 // bits before the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2)
	if prefix.Addr().Is4In6() && prefix.Bits() >= mapped {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), true
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

// inPrefix holds if one of a record's addresses with a role is in a prefix.
type inPrefix struct {
	role   role
	prefix netip.Prefix
}

func (i *inPrefix) holds(value *lazyValue) bool { return value.addressesOf(i.role).areIn(i.prefix) }
func (i *inPrefix) appendKey(key []byte) []byte { return fmt.Appendf(key, "%s %s", i.role, i.prefix) }

// areIn tells whether one of the addresses is in a prefix. After many conditions, the addresses are sorted, so that those of a prefix are together.
func (a *addresses) areIn(prefix netip.Prefix) bool {
	a.conditions++
	if len(a.list) <= fewValues || a.conditions <= conditionsBeforeSorting {
		return slices.ContainsFunc(a.list, prefix.Contains)
	}
	if !a.isSorted {
		a.isSorted = true
		slices.SortFunc(a.list, netip.Addr.Compare)
	}
	first, _ := slices.BinarySearchFunc(a.list, prefix.Addr(), netip.Addr.Compare)
	return first < len(a.list) && prefix.Contains(a.list[first])
}

func (v *lazyValue) addressesOf(role role) *addresses {
	found := &v.addresses[role]
	if found.known {
		return found
	}
	*found = addresses{known: true, list: emptied(found.list)}
	for _, path := range role.members(v.record.Type) {
		before := "" // the replies of a hop have the same address
		for _, text := range v.find(v.member(path)) {
			if text == before {
				continue
			}
			before = text
			if address, ok := parseAddress(text); ok {
				found.list = append(found.list, address)
			}
		}
	}
	return found
}

// parseAddress parses an address without its zone; an IPv4-mapped IPv6 address is the IPv4 address.
func parseAddress(text string) (address netip.Addr, ok bool) {
	text, _, _ = strings.Cut(text, "%")
	if !mayBeAddress(text) {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(text)
	return address.Unmap(), err == nil
}

// mayBeAddress keeps host names from netip, as its error is an allocation.
func mayBeAddress(text string) bool {
	return text != "" && (text[len(text)-1]-'0' < 10 || strings.IndexByte(text, ':') >= 0)
}
