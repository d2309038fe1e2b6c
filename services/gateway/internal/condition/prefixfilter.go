package condition

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unsafe"
)

// Role is what an address has to do with a record.
type Role int

// The roles.
const (
	Source      Role = iota // of the probe, as it sees itself and as the Internet sees it
	Destination             // of the target
	Passing                 // of a hop that answered, in a traceroute
	roles
)

func (r Role) String() string { return [...]string{"source", "destination", "passing"}[r] }

// roleMembers are the paths of the addresses with a role in records of a type (RIPE Atlas, "Result Data Structures"). If a measurement failed before it began,
// its results have the target in dst_name only, which is an address if the measurement was given one.
var roleMembers = [roles]map[string][]string{
	Source: {
		"dns":     {"src_addr", "from", "resultset.src_addr"},
		"http":    {"src_addr", "from", "result.src_addr"},
		"wifi":    {"from", "wpa_supplicant.ip_address"},
		otherType: {"src_addr", "from"},
	},
	Destination: {
		"dns":     {"dst_addr", "dst_name", "name", "resultset.dst_addr"},
		"http":    {"dst_addr", "dst_name", "result.dst_addr"},
		"ping":    {"dst_addr", "dst_name", "addr", "name"}, // addr and name: of firmware 1
		otherType: {"dst_addr", "dst_name"},
	},
	Passing: {
		"traceroute": {"result.result.from"},
	},
}

const otherType = ""

func (r Role) members(recordType string) []string {
	if members, exist := roleMembers[r][recordType]; exist {
		return members
	}
	return roleMembers[r][otherType]
}

// InPrefix holds if one of a record's addresses with a role is in a prefix.
func InPrefix(role Role, prefix netip.Prefix) Condition { return &inPrefix{role, prefix} }

type inPrefix struct {
	role   Role
	prefix netip.Prefix
}

func (i *inPrefix) Holds(value *Value) bool     { return value.addressesOf(i.role).areIn(i.prefix) }
func (i *inPrefix) AppendKey(key []byte) []byte { return fmt.Appendf(key, "%s %s", i.role, i.prefix) }
func (i *inPrefix) Member() string              { return "addresses." + i.role.String() }
func (i *inPrefix) Alternatives() int           { return 1 }
func (i *inPrefix) Size() int                   { return int(unsafe.Sizeof(*i)) }

// addresses are those of a role in a record.
type addresses struct {
	list     []netip.Addr
	isKnown  bool
	asked    int // how many conditions have asked about them
	isSorted bool
}

const (
	// fewAddresses are compared one by one for each condition.
	fewAddresses = 8
	// askedBeforeSorting is how many conditions have all addresses compared before these are sorted for further ones.
	askedBeforeSorting = 8
	// maxKept is for how many addresses there is memory from record to record.
	maxKept = 1024
)

// areIn tells whether one of the addresses is in a prefix. Once they are sorted, those of a prefix are together.
func (a *addresses) areIn(prefix netip.Prefix) bool {
	a.asked++
	if len(a.list) <= fewAddresses || a.asked <= askedBeforeSorting {
		return slices.ContainsFunc(a.list, prefix.Contains)
	}
	if !a.isSorted {
		a.isSorted = true
		slices.SortFunc(a.list, netip.Addr.Compare)
	}
	first, _ := slices.BinarySearchFunc(a.list, prefix.Addr(), netip.Addr.Compare)
	return first < len(a.list) && prefix.Contains(a.list[first])
}

// addressesOf gives the addresses with a role.
func (v *Value) addressesOf(role Role) *addresses {
	found := &v.addresses[role]
	if found.isKnown {
		return found
	}
	list := found.list[:0]
	if cap(list) > maxKept {
		list = nil
	}
	for _, path := range role.members(v.record.Type) {
		before := "" // the replies of a hop have the same address
		for _, text := range v.Document().Find(&v.member(path).path) {
			if text == before {
				continue
			}
			before = text
			if address, ok := parseAddress(text); ok {
				list = append(list, address)
			}
		}
	}
	*found = addresses{isKnown: true, list: list}
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
