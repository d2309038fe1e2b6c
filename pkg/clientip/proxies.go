package clientip

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// DefaultHeader is the header in which most proxies give the address of their client.
const DefaultHeader = "X-Forwarded-For"

// Proxies are the proxies that are trusted to give the address of a client. The zero value trusts none.
type Proxies struct {
	trusted []netip.Prefix
	header  string
}

// NewProxies trusts the proxies in the ranges, such as "10.0.0.0/8" or "192.0.2.1", to give a client's address in a header: a list like X-Forwarded-For, to
// which every proxy appends the address of its peer, or a single address. An empty header means DefaultHeader. The error joins every fault.
func NewProxies(ranges []string, header string) (*Proxies, error) {
	if header == "" {
		header = DefaultHeader
	}
	proxies := &Proxies{header: header}
	var faults []error
	for _, text := range ranges {
		prefix, err := parseRange(text)
		if err != nil {
			faults = append(faults, err)
		}
		proxies.trusted = append(proxies.trusted, prefix)
	}
	if strings.ContainsFunc(header, func(c rune) bool { return !isNameCharacter(c) }) {
		faults = append(faults, fmt.Errorf("address header: got %q, want the name of an HTTP header such as %s", header, DefaultHeader))
	}
	return proxies, errors.Join(faults...)
}

func parseRange(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = Plain(address)
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Addr().Is4In6() { // Plain never returns such an address
		return prefix, fmt.Errorf("trusted proxy: got %q, want an address or a range of them such as 10.0.0.0/8", text)
	}
	return prefix, nil
}

// isNameCharacter tells whether a header's name may have the character (RFC 9110, section 5.6.2).
func isNameCharacter(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// Middleware sets the RemoteAddr of requests to the client's address, with port 0 if a proxy gave it.
func (p *Proxies) Middleware(next http.Handler) http.Handler {
	if len(p.trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if client := p.forwarded(r.RemoteAddr, r.Header.Values); client.IsValid() {
			r = r.WithContext(r.Context()) // a copy, as handlers must not change their request
			r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// Client is the address of the client for other protocols than HTTP/1.1: the one that a trusted proxy gives, or else that of the peer. Lines returns the lines
// of a header.
func (p *Proxies) Client(remote string, lines func(header string) []string) netip.Addr {
	if client := p.forwarded(remote, lines); client.IsValid() {
		return client
	}
	return Of(remote)
}

// forwarded is the address that a trusted proxy gives: the last one in the header's lines that is not a trusted proxy's, as a client may have written those
// before. If all are trusted, it is the first one. It is the zero address if the peer is not trusted or the header is malformed.
func (p *Proxies) forwarded(remote string, lines func(header string) []string) (client netip.Addr) {
	if !p.Trusts(Of(remote)) {
		return netip.Addr{}
	}
	entries := strings.Split(strings.Join(lines(p.header), ","), ",")
	for _, entry := range slices.Backward(entries) {
		client = parseEntry(strings.Trim(entry, " \t"))
		if !p.Trusts(client) {
			break
		}
	}
	return client
}

// Trusts tells whether an address is that of a trusted proxy.
func (p *Proxies) Trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// parseEntry parses an address as proxies write it, with or without brackets or a port. It returns the zero address for anything else.
func parseEntry(text string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return Plain(withPort.Addr())
	}
	if inside, bracketed := strings.CutPrefix(text, "["); bracketed && strings.HasSuffix(inside, "]") {
		text = strings.TrimSuffix(inside, "]")
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return Plain(address)
}
