package wsconn

import (
	"net/http"
	"strings"
	"testing"
)

func offered(lines ...string) http.Header {
	return http.Header{http.CanonicalHeaderKey(headerSubprotocol): lines}
}

func TestSubprotocols(t *testing.T) {
	for _, test := range []struct {
		header       http.Header
		token        string
		given        bool
		answer       string
		refusedAlone bool
	}{
		{header: http.Header{}},
		{header: offered("atlas"), answer: "atlas"},
		{header: offered(" , v2.json ,atlas"), answer: "v2.json"},
		{header: offered("atlas, bearer.secret"), token: "secret", given: true, answer: "atlas"},
		{header: offered("bearer.secret, atlas"), token: "secret", given: true, answer: "atlas"},
		{header: offered("bearer.secret", "atlas"), token: "secret", given: true, answer: "atlas"},
		{header: offered("atlas, bearer.a%2Fb%3D"), token: "a/b=", given: true, answer: "atlas"},
		{header: offered("atlas, bearer.a%2"), token: "a%2", given: true, answer: "atlas"},
		{header: offered("atlas, bearer."), given: true, answer: "atlas"},
		{header: offered("bearer.secret"), token: "secret", given: true, refusedAlone: true},
		{header: offered("bearer.one, bearer.two"), token: "one", given: true, refusedAlone: true},
	} {
		if token, given := Bearer(test.header); token != test.token || given != test.given {
			t.Errorf("%v: got the token %q, %v", test.header, token, given)
		}
		if answer, err := subprotocol(test.header); answer != test.answer || (err != nil) != test.refusedAlone {
			t.Errorf("%v: got the answer %q, %v", test.header, answer, err)
		}
	}
}

// Whatever is offered, the response never has a token.
func FuzzSubprotocol(f *testing.F) {
	f.Add("atlas, bearer.secret")
	f.Add("bearer.%zz,,bearer.")
	f.Fuzz(func(t *testing.T, line string) {
		answer, err := subprotocol(offered(line))
		if strings.HasPrefix(answer, bearerPrefix) || !strings.Contains(line, answer) {
			t.Errorf("%q is answered %q", line, answer)
		}
		if _, given := Bearer(offered(line)); err != nil && !given {
			t.Errorf("%q: %v", line, err)
		}
	})
}
