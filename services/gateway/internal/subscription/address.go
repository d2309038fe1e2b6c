package subscription

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"unsafe"
)

// role is what an address has to do with a record.
type role int

const (
	source      role = iota // of the probe, as it sees itself and as the world sees it
	destination             // of what was measured
	passing                 // of what answered on the way, in a traceroute
	roles
)

func (r role) String() string { return [...]string{"source", "destination", "passing"}[r] }

// roleMembers are the paths under which records of a type have the addresses of a role. Where a destination was given as an address, results have it for
// a name also when the measurement failed before it began.
var roleMembers = [roles]map[string][]string{
	source: {
		"dns":    {"src_addr", "from", "resultset.src_addr"},
		"http":   {"src_addr", "from", "result.src_addr"},
		"wifi":   {"from", "wpa_supplicant.ip_address"},
		anyOther: {"src_addr", "from"},
	},
	destination: {
		"dns":    {"dst_addr", "dst_name", "name", "resultset.dst_addr"},
		"http":   {"dst_addr", "dst_name", "result.dst_addr"},
		"ping":   {"dst_addr", "dst_name", "addr", "name"}, // addr and name: of the first firmware
		anyOther: {"dst_addr", "dst_name"},
	},
	passing: {
		"traceroute": {"result.result.from"},
	},
}

// anyOther stands for the types that are not named.
const anyOther = ""

func (r role) members(recordType string) []string {
	if members, named := roleMembers[r][recordType]; named {
		return members
	}
	return roleMembers[r][anyOther]
}

// addresses are those of a role in a record.
type addresses struct {
	list     []netip.Addr
	known    bool
	isSorted bool
	asked    int // how many conditions have been asked of them
}

// haveAny tells whether one of them is in a prefix. When many conditions have been asked, they are sorted, and those of a prefix stand together.
func (a *addresses) haveAny(prefix netip.Prefix) bool {
	a.asked++
	if len(a.list) <= fewValues || a.asked <= askedBeforeSorting {
		return slices.ContainsFunc(a.list, prefix.Contains)
	}
	if !a.isSorted {
		a.isSorted = true
		slices.SortFunc(a.list, netip.Addr.Compare)
	}
	first, _ := slices.BinarySearchFunc(a.list, prefix.Addr(), netip.Addr.Compare)
	return first < len(a.list) && prefix.Contains(a.list[first])
}

func (v *view) addressesOf(role role) *addresses {
	known := &v.addresses[role]
	if known.known {
		return known
	}
	*known = addresses{known: true, list: emptied(known.list)}
	for _, path := range role.members(v.record.Type) {
		var before []byte // hops answer several times
		for _, leaf := range v.find(path) {
			if bytes.Equal(leaf.text, before) {
				continue
			}
			before = leaf.text
			if address, is := readAddress(leaf.text); is {
				known.list = append(known.list, address)
			}
		}
	}
	return known
}

// readAddress reads an address without its zone; one of IPv4 that is mapped into IPv6 is one of IPv4.
func readAddress(text []byte) (address netip.Addr, is bool) {
	text, _, _ = bytes.Cut(text, []byte("%"))
	if !mayBeAddress(text) {
		return netip.Addr{}, false
	}
	// A copy of each address would be an allocation for each. The address keeps nothing of the text, and the text does not change.
	address, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(text), len(text))) //nolint:gosec // see above
	return address.Unmap(), err == nil
}

// mayBeAddress keeps host names away, as netip's error is an allocation.
func mayBeAddress(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	last := text[len(text)-1]
	return last-'0' < 10 || bytes.IndexByte(text, ':') >= 0
}

// within holds if one of a record's addresses in a role is inside a prefix.
type within struct {
	role   role
	prefix netip.Prefix
}

func (w *within) holds(v *view) bool {
	return v.addressesOf(w.role).haveAny(w.prefix)
}

func (w *within) appendKey(key []byte) []byte { return fmt.Appendf(key, "%s %s", w.role, w.prefix) }
