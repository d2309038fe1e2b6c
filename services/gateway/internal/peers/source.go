package peers

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"atlasstream/pkg/clientip"
)

// prefixDNS marks a name whose addresses are looked up.
const prefixDNS = "dns:"

// source is one entry of the setting: an address, or a name and a port.
type source struct {
	name      string // to look up; empty for an address
	port      uint16
	addresses []netip.AddrPort // as they are known now
	failed    bool             // the last look-up has, which is logged already
}

// Check tells what is wrong with a list of sources, all faults joined.
func Check(sources []string) error {
	_, err := parseSources(sources)
	return err
}

func parseSources(texts []string) (sources []source, err error) {
	var faults []error
	for _, text := range texts {
		parsed, err := parseSource(text)
		faults = append(faults, err)
		sources = append(sources, parsed)
	}
	return sources, errors.Join(faults...)
}

func parseSource(text string) (source, error) {
	wrong := fmt.Errorf("got %q, want an IP address and a port such as 192.0.2.1:8090, or a name to look up such as dns:gateway-peers:8090", text)
	name, isName := strings.CutPrefix(text, prefixDNS)
	if !isName {
		address, err := netip.ParseAddrPort(text)
		if err != nil || address.Port() == 0 {
			return source{}, wrong
		}
		return source{addresses: []netip.AddrPort{plain(address)}}, nil
	}
	name, portText, err := net.SplitHostPort(name)
	if err != nil || name == "" {
		return source{}, wrong
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return source{}, wrong
	}
	return source{name: name, port: uint16(port)}, nil
}

func plain(address netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(clientip.Plain(address.Addr()), address.Port())
}
