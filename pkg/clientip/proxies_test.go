package clientip_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"atlasstream/pkg/clientip"
)

func newProxies(t testing.TB, header string, ranges ...string) *clientip.Proxies {
	t.Helper()
	proxies, err := clientip.NewProxies(ranges, header)
	if err != nil {
		t.Fatal(err)
	}
	return proxies
}

// remoteOf is the RemoteAddr after the middleware.
func remoteOf(t testing.TB, proxies *clientip.Proxies, peer string, header http.Header) string {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/stream/", nil)
	request.RemoteAddr, request.Header = peer, header
	var got string
	proxies.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).ServeHTTP(nil, request)
	if addressed := proxies.Client(peer, header.Values); addressed != clientip.Of(got) {
		t.Errorf("%s said %v: the client is %s, and %s for the middleware", peer, header, addressed, got)
	}
	return got
}

func TestClientBehindProxies(t *testing.T) {
	const peer = "10.0.0.1:4711"
	for _, test := range []struct {
		name, peer string
		lines      []string
		want       string
	}{
		{"stranger", "192.0.2.9:80", []string{"203.0.113.7"}, "192.0.2.9:80"},
		{"unreadable peer", "@", []string{"203.0.113.7"}, "@"},
		{"no header", peer, nil, peer},
		{"one address", peer, []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"what the client says of itself", peer, []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7:0"},
		{"ill-formed hearsay", peer, []string{"unknown, 203.0.113.7"}, "203.0.113.7:0"},
		{"two proxies", peer, []string{"198.51.100.1, 203.0.113.7, 10.9.9.9"}, "203.0.113.7:0"},
		{"two lines", peer, []string{"198.51.100.1", "203.0.113.7,10.9.9.9"}, "203.0.113.7:0"},
		{"only proxies", peer, []string{"10.3.3.3, 10.2.2.2"}, "10.3.3.3:0"},
		{"ill-formed", peer, []string{"203.0.113.7, unknown"}, peer},
		{"ill-formed behind a proxy", peer, []string{"unknown, 10.2.2.2"}, peer},
		{"empty", peer, []string{""}, peer},
		{"empty entry", peer, []string{"203.0.113.7,"}, peer},
		{"with a port", peer, []string{"203.0.113.7:1234"}, "203.0.113.7:0"},
		{"IPv6", peer, []string{"2001:db8::1"}, "[2001:db8::1]:0"},
		{"IPv6 in brackets", peer, []string{"[2001:db8::1]"}, "[2001:db8::1]:0"},
		{"IPv6 with a port", peer, []string{"[2001:db8::1]:1234"}, "[2001:db8::1]:0"},
		{"half a bracket", peer, []string{"[2001:db8::1"}, peer},
		{"proxy over IPv6", "[2001:db8:1::5]:99", []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"proxy's address written as IPv6", "[::ffff:10.0.0.1]:99", []string{"::ffff:203.0.113.7"}, "203.0.113.7:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			proxies := newProxies(t, "", "10.0.0.0/8", "2001:db8:1::5")
			if got := remoteOf(t, proxies, test.peer, http.Header{clientip.DefaultHeader: test.lines}); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestOnlyTheConfiguredHeaderIsRead(t *testing.T) {
	header := http.Header{"X-Real-Ip": {"203.0.113.7"}, clientip.DefaultHeader: {"198.51.100.1"}}
	if got := remoteOf(t, newProxies(t, "x-real-ip", "10.0.0.1"), "10.0.0.1:1", header); got != "203.0.113.7:0" {
		t.Errorf("got %s", got)
	}
	if got := remoteOf(t, newProxies(t, ""), "10.0.0.1:1", header); got != "10.0.0.1:1" {
		t.Errorf("without a trusted proxy: got %s", got)
	}
}

func TestNewProxiesNamesEveryFault(t *testing.T) {
	_, err := clientip.NewProxies([]string{"10.0.0.0/33", "::ffff:10.0.0.0/104", "10.0.0.1", "proxy.example"}, "X Real IP")
	if err == nil {
		t.Fatal("faulty settings are accepted")
	}
	for _, want := range []string{
		`trusted proxy: got "10.0.0.0/33", want an address or a range`, `got "::ffff:10.0.0.0/104"`, `got "proxy.example"`, `address header: got "X Real IP", want`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// Whatever the header, the client is the peer, or an address in the header that is not a trusted proxy's if there are others.
func FuzzForwardedHeader(f *testing.F) {
	f.Add("10.0.0.1:4711", "198.51.100.1, [2001:db8::1]:443, 10.2.2.2")
	f.Add("192.0.2.9:80", ",unknown,")
	f.Add("[::ffff:10.0.0.1%eth0]:1", "fe80::1%eth0")
	proxies := newProxies(f, "", "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, remote, line string) {
		got := remoteOf(t, proxies, remote, http.Header{clientip.DefaultHeader: {line}})
		if got == remote {
			return
		}
		address, err := netip.ParseAddrPort(got)
		if err != nil || address.Port() != 0 || address.Addr().Zone() != "" || !clientip.Of(got).IsValid() {
			t.Fatalf("%q said %q: got %q", remote, line, got)
		}
		if !netip.MustParsePrefix("10.0.0.0/8").Contains(clientip.Of(remote)) {
			t.Errorf("%q is no proxy and was believed %q", remote, line)
		}
	})
}
