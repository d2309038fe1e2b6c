// Package peerauth authenticates the requests that gateways send each other. A gateway signs a request with a key that all of them have, and names the client
// on whose behalf it asks; the other one believes no request without a signature.
//
// The signature covers the method, the URI, the client's address, the hop and the time, and is valid for MaxAge before and after that time. It does not cover
// the body, which is passed on while it arrives: who can change requests between gateways can change bodies.
package peerauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"atlasstream/pkg/clientip"
)

// MaxAge is how old a signature may be, or how far ahead the clock of the gateway that made it.
const MaxAge = time.Minute

// header has the hop, the time in Unix milliseconds, the client's address and the signature: "1 1764534221000 192.0.2.1 base64url".
const header = "Atlas-Peer"

const (
	// hop is that of every request: what a peer has passed on is never passed on again.
	hop = "1"
	// noClient stands for the address of a client where there is none.
	noClient = "-"
)

var encoding = base64.RawURLEncoding.Strict()

// Keys are the keys of the peers: the first one signs, and all verify.
type Keys struct{ current atomic.Pointer[[][]byte] }

// Set takes the keys.
func (k *Keys) Set(first []byte, further ...[]byte) {
	keys := append([][]byte{first}, further...)
	k.current.Store(&keys)
}

// All are the keys, of which the first one is for what is new. There are none before Set.
func (k *Keys) All() [][]byte {
	if keys := k.current.Load(); keys != nil {
		return *keys
	}
	return nil
}

// Sign signs a request to a peer on behalf of a client, whose address is zero if there is none. It takes the place of any signature that the request has.
func (k *Keys) Sign(request *http.Request, client netip.Addr) {
	m := mark{time: time.Now().UnixMilli(), client: client}
	m.signature = m.sign(k.All()[0], request.Method, request.URL.RequestURI())
	request.Header.Set(header, m.String())
}

// Why a request is refused.
var (
	errMalformed = errors.New("want a hop, a time, the address of a client and a signature")
	errUnsigned  = errors.New("the signature is not one of this request by a key of this gateway; want the same --peer-key in all gateways")
)

// verify gives the client of a request that a peer has signed.
func (k *Keys) verify(request *http.Request) (client netip.Addr, err error) {
	m, err := parse(request.Header.Get(header))
	if err != nil {
		return client, err
	}
	if !k.signed(m, request) {
		return client, errUnsigned
	}
	//mutate:peer-signature-eternal
	if age := time.Since(time.UnixMilli(m.time)); age.Abs() > MaxAge {
		return client, fmt.Errorf("the signature is %s old by the clock of this gateway, want at most %s", age, MaxAge)
	}
	return m.client, nil
}

func (k *Keys) signed(m mark, request *http.Request) bool {
	for _, key := range k.All() {
		//mutate:peer-unsigned
		if hmac.Equal(m.signature, m.sign(key, request.Method, request.RequestURI)) {
			return true
		}
	}
	return false
}

// Handler serves the requests that a peer has signed, with the client's address as their RemoteAddr, and answers others with 403. Refused is called with the
// reason for each of those.
func (k *Keys) Handler(next http.Handler, refused func(*http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, err := k.verify(r)
		if err != nil {
			refused(r, err)
			http.Error(w, header+": "+err.Error(), http.StatusForbidden)
			return
		}
		if client.IsValid() {
			r = r.WithContext(r.Context()) // a copy, as handlers must not change their request
			r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// mark is the content of the header.
type mark struct {
	time      int64 // Unix milliseconds
	client    netip.Addr
	signature []byte
}

func (m mark) String() string {
	return strings.Join([]string{hop, strconv.FormatInt(m.time, 10), m.clientText(), encoding.EncodeToString(m.signature)}, " ")
}

func (m mark) clientText() string {
	if !m.client.IsValid() {
		return noClient
	}
	return m.client.String()
}

// sign has each field on a line of its own, and none of them can have a line break.
func (m mark) sign(key []byte, method, uri string) []byte {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "request\x00%s\n%s\n%s\n%s\n%d\n", method, uri, m.clientText(), hop, m.time)
	return mac.Sum(nil)
}

// parse reads what String writes, and nothing else.
func parse(text string) (m mark, err error) {
	fields := strings.Split(text, " ")
	if len(fields) != 4 || fields[0] != hop {
		return mark{}, errMalformed
	}
	if m.time, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return mark{}, errMalformed
	}
	if fields[2] != noClient {
		if m.client, err = netip.ParseAddr(fields[2]); err != nil || m.client != clientip.Plain(m.client) {
			return mark{}, errMalformed
		}
	}
	if m.signature, err = encoding.DecodeString(fields[3]); err != nil || m.String() != text {
		return mark{}, errMalformed
	}
	return m, nil
}
