package subscription

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/jsonpath/jsonpathtest"
)

// The oracle decodes records and does what the package's documentation says, in plain loops.

// realRecords are those of the real sample, in its order.
var realRecords = sync.OnceValue(func() (records []*atlas.Record) {
	for _, value := range jsonpathtest.RealSample().Values {
		event, err := atlas.ParseResult(value)
		if err != nil {
			panic(err)
		}
		records = append(records, &atlas.Record{Event: event})
	}
	return records
})

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func numberIn(value any) (float64, bool) {
	text := jsonpathtest.Text(value)
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil && decimal.MatchString(text)
}

func isEqual(value, alternative any) bool {
	first, isFirst := numberIn(value)
	second, isSecond := numberIn(alternative)
	if isFirst && isSecond {
		return first == second
	}
	return jsonpathtest.Text(value) == jsonpathtest.Text(alternative)
}

func alternativesIn(value any) (alternatives []any) {
	if list, ok := value.([]any); ok {
		return list
	}
	text, ok := value.(string)
	if !ok || text == "" {
		return []any{value}
	}
	for word := range strings.FieldsSeq(text) {
		alternatives = append(alternatives, word)
	}
	return alternatives
}

func addressesIn(record map[string]any, recordType, parameter string) (addresses []netip.Addr) {
	take := func(value any) {
		text, _ := value.(string)
		if address, err := netip.ParseAddr(text); err == nil {
			addresses = append(addresses, address.Unmap().WithZone(""))
		}
	}
	elements := func(value any) []any { list, _ := value.([]any); return list }
	member := func(value any, name string) any { object, _ := value.(map[string]any); return object[name] }
	switch {
	case strings.HasPrefix(parameter, "source"):
		take(record["src_addr"])
		take(record["from"])
		take(member(record["wpa_supplicant"], "ip_address"))
		for _, element := range append(elements(record["resultset"]), elements(record["result"])...) {
			take(member(element, "src_addr"))
		}
	case strings.HasPrefix(parameter, "destination"):
		for _, name := range []string{"dst_addr", "dst_name", "addr", "name"} {
			take(record[name])
		}
		for _, element := range append(elements(record["resultset"]), elements(record["result"])...) {
			take(member(element, "dst_addr"))
		}
	case recordType == "traceroute":
		for _, hop := range elements(record["result"]) {
			for _, reply := range elements(member(hop, "result")) {
				take(member(reply, "from"))
			}
		}
	}
	return addresses
}

func wants(parameters map[string]any, record map[string]any, recordType string) bool {
	for name, value := range parameters {
		switch name {
		case "type":
			if value != recordType {
				return false
			}
		case "equalsTo":
			for path, wanted := range value.(map[string]any) {
				if !slices.ContainsFunc(jsonpathtest.Find(record, path), func(leaf any) bool {
					return slices.ContainsFunc(alternativesIn(wanted), func(alternative any) bool { return isEqual(leaf, alternative) })
				}) {
					return false
				}
			}
		case "lessThan", "greaterTo":
			for path, wanted := range value.(map[string]any) {
				bound, _ := numberIn(wanted)
				if !slices.ContainsFunc(jsonpathtest.Find(record, path), func(leaf any) bool {
					number, ok := numberIn(leaf)
					return ok && (name == "lessThan" && number < bound || name == "greaterTo" && number > bound)
				}) {
					return false
				}
			}
		case "msm":
		default:
			prefix, err := netip.ParsePrefix(value.(string))
			if err != nil {
				host := netip.MustParseAddr(value.(string))
				prefix = netip.PrefixFrom(host, host.BitLen())
			}
			if !slices.ContainsFunc(addressesIn(record, recordType, name), prefix.Contains) {
				return false
			}
		}
	}
	return true
}

func (v *RecordView) pruned(paths ...string) []byte {
	return v.Payload(v.project(Projection{}, jsonpath.NewPathSet(paths)))
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
