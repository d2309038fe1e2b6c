package condition

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/jsonpath/jsonpathtest"
	"atlasstream/services/gateway/internal/scalar"
)

func valueOf(recordType, json string) *Value {
	value := NewValue(nil)
	value.Reset(&atlas.Record{Event: atlas.Event{Type: recordType, Value: []byte(json)}})
	return &value
}

// allKinds are conditions of all kinds about the members at two paths.
func allKinds(path, other string) []Condition {
	conditions := []Condition{
		OfType("ping"), Since(time.Unix(1426633200, 0)),
		Equals(path, []scalar.Scalar{scalar.New("4"), scalar.New("x")}), Less(other, scalar.New("7")), Greater(path, scalar.New("0.5")),
	}
	for role := range roles {
		for _, prefix := range []string{"193.0.0.0/8", "2001:db8::/32"} {
			conditions = append(conditions, InPrefix(role, netip.MustParsePrefix(prefix)))
		}
	}
	return conditions
}

// FuzzConditions evaluates conditions of all kinds on any value: each holds, however many others were evaluated before, if it holds by itself.
func FuzzConditions(f *testing.F) {
	for _, value := range jsonpathtest.RealSample().Values {
		if event, err := atlas.ParseResult(value); err == nil && len(value) < 400 {
			f.Add(value, event.Type, "result.rt", "af")
		}
	}
	f.Add([]byte(`{"a":[{"b":{"c":1}},{"b.c":"2"}],"a.b":"x"}`), "dns", "a.b.c", "a.b")
	f.Fuzz(func(t *testing.T, json []byte, recordType, path, other string) {
		if !jsonpath.IsPath(path) || !jsonpath.IsPath(other) {
			return
		}
		value := valueOf(recordType, string(json))
		for range askedBeforeSorting + 2 {
			for _, condition := range allKinds(path, other) {
				if got, want := condition.Holds(value), condition.Holds(valueOf(recordType, string(json))); got != want {
					t.Fatalf("%s: got %t, want %t for %s", condition.AppendKey(nil), got, want, json)
				}
			}
		}
	})
}

// Conditions that ask for something else have another key.
func TestKeysTellConditionsApart(t *testing.T) {
	keys := make(map[string]bool)
	all := append(allKinds("a", "b"), OfType("dns"), Since(time.Unix(1426633200, 1e6)), Equals("a", nil), Equals("a", []scalar.Scalar{scalar.New("4")}),
		Less("a", scalar.New("7")), Less("b", scalar.New("9007199254740992")), Less("b", scalar.New("9007199254740993")), Greater("b", scalar.New("7")))
	for _, condition := range all {
		key := string(condition.AppendKey(nil))
		if keys[key] {
			t.Errorf("two conditions have the key %s", key)
		}
		keys[key] = true
	}
}

// After many conditions, a further one does not compare each of a record's many addresses.
func TestAddressesAreSortedForManyConditions(t *testing.T) {
	json := []byte(`{"result":[{"result":[{"from":"10.0.0.0"}`)
	for i := range 50 {
		json = fmt.Appendf(json, `,{"from":"198.51.%d.1"}`, i)
	}
	value := valueOf("traceroute", string(append(json, `]}]}`...)))
	for i := range 1000 {
		wanted := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(i), 0}), 24)
		if got := InPrefix(Passing, wanted).Holds(value); got != (i%256 < 50) {
			t.Fatalf("%s: got %t", wanted, got)
		}
	}
	if !value.addresses[Passing].isSorted {
		t.Error("every condition looks at every address")
	}
}

// What a Value keeps from record to record is bounded, and has nothing of the last record.
func TestValueKeepsLittle(t *testing.T) {
	json := []byte(`{"type":"traceroute","result":{"result":{"from":["x"`)
	for i := range 10_000 {
		json = fmt.Appendf(json, `,"10.0.%d.%d"`, i/250, i%250)
	}
	value := valueOf("traceroute", string(append(json, `]}}}`...)))
	host := netip.MustParsePrefix("10.0.0.1/32")
	if !InPrefix(Passing, host).Holds(value) {
		t.Error("a host is not found")
	}
	for i := range maxMembers + 1 {
		value.values(fmt.Sprint("a", i))
	}
	value.Reset(nil)
	if len(value.members) > maxMembers || cap(value.searched) > maxMembers {
		t.Errorf("kept: %d members", len(value.members))
	}
	value.Reset(&atlas.Record{Event: atlas.Event{Type: "traceroute", Value: []byte(`{"a1":1}`)}})
	if !Less("a1", scalar.New("2")).Holds(value) || Greater("a1", scalar.New("2")).Holds(value) || InPrefix(Passing, host).Holds(value) {
		t.Error("the last record's values are still there")
	}
	if kept := cap(value.addresses[Passing].list); kept > maxKept {
		t.Errorf("kept: room for %d addresses", kept)
	}
}
