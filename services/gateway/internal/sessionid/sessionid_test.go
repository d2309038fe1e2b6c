package sessionid

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
)

var (
	key, otherKey = []byte("the key of the peers"), []byte("another key")
	replica       = netip.MustParseAddrPort("10.1.2.3:8090")
	others        = []netip.AddrPort{
		netip.MustParseAddrPort("10.1.2.4:8090"), netip.MustParseAddrPort("10.1.2.3:8091"), netip.MustParseAddrPort("[2001:db8::1]:8090"),
	}
)

// Who has the key finds the replica among those that it knows, with any of its keys.
//
//notices:session-of-any-replica
func TestReplicaOfASession(t *testing.T) {
	for _, keys := range [][][]byte{{key}, {otherKey, key}, {key, otherKey}} {
		id, ok := Parse(keys, New(key, replica))
		if !ok || !id.IsOf(replica) {
			t.Fatal("the ID or its replica is unknown")
		}
		for _, other := range others {
			if id.IsOf(other) {
				t.Errorf("the session is that of %s too", other)
			}
		}
	}
}

// No ID is accepted but one that a replica with the key has made.
//
//notices:session-id-unsigned
func TestAbuseForgedIDs(t *testing.T) {
	genuine := New(key, replica)
	keys := [][]byte{key}
	if _, ok := Parse([][]byte{otherKey}, genuine); ok {
		t.Error("an ID of another key is accepted")
	}
	if _, ok := Parse(nil, genuine); ok {
		t.Error("an ID is accepted without a key")
	}
	for i := range genuine {
		for _, other := range "Az09-_" {
			forged := genuine[:i] + string(other) + genuine[i+1:]
			if _, ok := Parse(keys, forged); ok != (forged == genuine) {
				t.Errorf("%s is accepted, made of %s", forged, genuine)
			}
		}
	}
	for _, text := range []string{"", "1", genuine[1:], genuine + "A", genuine + "=", strings.Repeat("A", Length), strings.Repeat("é", Length/2), strings.Repeat("\x00", Length)} {
		if _, ok := Parse(keys, text); ok {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestIDsAreOpaque(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := New(key, replica)
		if len(id) != Length || len(id) > 64 || seen[id] {
			t.Fatalf("%s has %d characters, or comes twice", id, len(id))
		}
		seen[id] = true
		decoded, err := base64.RawURLEncoding.DecodeString(id)
		if address := replica.Addr().As4(); err != nil || bytes.Contains(decoded, address[:]) {
			t.Fatalf("%s shows the address: %v", id, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	genuine := New(key, replica)
	f.Add(genuine)
	f.Add("")
	f.Add(genuine[:Length-1] + "!")
	f.Add(strings.Repeat("A", Length))
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := Parse([][]byte{otherKey, key}, text)
		if !ok {
			return
		}
		if len(text) != Length || id.IsOf(others[0]) {
			t.Errorf("%q is accepted as an ID of %v", text, id)
		}
		if again, ok := Parse([][]byte{key}, text); !ok || again.tag != id.tag {
			t.Errorf("%q is read in two ways", text)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text, keys := New(key, replica), [][]byte{key}
	b.ReportAllocs()
	for b.Loop() {
		if id, ok := Parse(keys, text); !ok || !id.IsOf(replica) {
			b.Fatal("not found")
		}
	}
}
