package peerauth

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const uri = "/stream/socket.io/?EIO=4&transport=polling&sid=x"

var client = netip.MustParseAddr("192.0.2.7")

func keysOf(keys ...string) *Keys {
	k := &Keys{}
	all := make([][]byte, 0, len(keys))
	for _, key := range keys {
		all = append(all, []byte(key))
	}
	k.Set(all[0], all[1:]...)
	return k
}

// signed is a request that a gateway with a key has signed, as another one gets it.
func signed(key, method, uri string, client netip.Addr) *http.Request {
	request := httptest.NewRequest(method, uri, nil)
	keysOf(key).Sign(request, client)
	return request
}

// serve gives the status of a request, and the address of its client as the handler sees it.
func serve(keys *Keys, request *http.Request) (status int, remote string) {
	answer := httptest.NewRecorder()
	keys.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { remote = r.RemoteAddr }),
		func(*http.Request, error) {}).ServeHTTP(answer, request)
	return answer.Code, remote
}

func TestPeersAreBelieved(t *testing.T) {
	for address, want := range map[netip.Addr]string{
		client: "192.0.2.7:0", netip.MustParseAddr("2001:db8::7"): "[2001:db8::7]:0", {}: httptest.NewRequest(http.MethodGet, uri, nil).RemoteAddr,
	} {
		for _, keys := range []*Keys{keysOf("one"), keysOf("another", "one")} {
			if status, remote := serve(keys, signed("one", "POST", uri, address)); status != http.StatusOK || remote != want {
				t.Errorf("client %s: got %d, %s", address, status, remote)
			}
		}
	}
}

// Without a key of the peers, nothing is served, whatever of a genuine request is taken.
//
//notices:peer-unsigned
func TestAbuseRequestsOfOthersThanPeers(t *testing.T) {
	keys := keysOf("one", "two")
	genuine := signed("one", "GET", uri, client).Header.Get(header)
	for name, request := range map[string]*http.Request{
		"unsigned":       httptest.NewRequest(http.MethodGet, uri, nil),
		"another key":    signed("three", "GET", uri, client),
		"another method": marked("POST", uri, genuine),
		"another URI":    marked("GET", uri+"x", genuine),
		"another client": marked("GET", uri, strings.Replace(genuine, "192.0.2.7", "192.0.2.8", 1)),
		"no client":      marked("GET", uri, strings.Replace(genuine, "192.0.2.7", "-", 1)),
		"another hop":    marked("GET", uri, "2"+genuine[1:]),
		"no signature":   marked("GET", uri, genuine[:strings.LastIndex(genuine, " ")+1]),
	} {
		if status, remote := serve(keys, request); status != http.StatusForbidden || remote != "" {
			t.Errorf("%s: got %d, %q", name, status, remote)
		}
	}
	if status, _ := serve(&Keys{}, marked("GET", uri, genuine)); status != http.StatusForbidden {
		t.Errorf("without a key: got %d", status)
	}
}

func marked(method, uri, mark string) *http.Request {
	request := httptest.NewRequest(method, uri, nil)
	request.Header.Set(header, mark)
	return request
}

// A signature is valid for a minute by the clocks of both gateways.
//
//notices:peer-signature-eternal
func TestSignaturesEnd(t *testing.T) {
	for age, want := range map[time.Duration]int{
		0: http.StatusOK, MaxAge: http.StatusOK, MaxAge + time.Second: http.StatusForbidden, -MaxAge - time.Second: http.StatusForbidden,
	} {
		synctest.Test(t, func(t *testing.T) {
			m := mark{time: time.Now().Add(-age).UnixMilli(), client: client}
			m.signature = m.sign([]byte("one"), "GET", uri)
			if status, _ := serve(keysOf("one"), marked("GET", uri, m.String())); status != want {
				t.Errorf("%s old: got %d, want %d", age, status, want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(signed("one", "GET", uri, client).Header.Get(header))
	f.Add(signed("one", "GET", uri, netip.Addr{}).Header.Get(header))
	f.Add("1 -5 ::ffff:192.0.2.1 AAAA")
	f.Add("1 1 fe80::1%eth0 AAAA")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parse(text)
		if err == nil && m.String() != text {
			t.Errorf("%q is read as %q", text, m)
		}
		if status, _ := serve(keysOf("another"), marked("GET", uri, text)); status == http.StatusOK {
			t.Errorf("%q is believed", text)
		}
	})
}
