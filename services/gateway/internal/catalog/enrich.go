package catalog

import (
	"bytes"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// unknownStatus is the status of a probe in the past without an event that has it.
const unknownStatus = `"status_id":null,"status_name":null,"status_since":null`

// Enrich returns a record's value with "probe" as its last member: the object of the record's probe, with the status of the newest connection event within
// EventMaxAge, or of the record itself if that is a newer event. An object whose own status is newer than the events keeps it; first_connected and
// total_uptime are always the object's. A member "probe" of the value is replaced. If the catalog does not know the probe, the value is returned unchanged.
func (c *Catalog) Enrich(record *atlas.Record) []byte {
	known := c.probes.get(int64(record.Probe))
	if known == nil {
		return record.Value
	}
	newest, found := c.connections.get(record.Probe)
	if own, isConnection := recordConnection(record); isConnection && (!found || own.isNewerThan(newest)) {
		newest, found = own, true
	}
	if !found || known.since.After(newest.at) {
		return withProbe(record.Value, known, known.status)
	}
	var status [96]byte
	return withProbe(record.Value, known, newest.appendStatus(status[:0]))
}

// EnrichPast is Enrich for a replayed record: the status is that of the record itself, whatever happened since, and null if it is no connection event. All
// else is as the catalog has it now.
func (c *Catalog) EnrichPast(record *atlas.Record) []byte {
	known := c.probes.get(int64(record.Probe))
	if known == nil {
		return record.Value
	}
	var status [96]byte
	if own, isConnection := recordConnection(record); isConnection {
		return withProbe(record.Value, known, own.appendStatus(status[:0]))
	}
	return withProbe(record.Value, known, append(status[:0], unknownStatus...))
}

// recordConnection returns the connection that the record itself is an event of. Most records are results and have none.
func recordConnection(record *atlas.Record) (own connectionState, ok bool) {
	if !isConnection(record) {
		return own, false
	}
	own, err := connectionOf(record)
	return own, err == nil
}

const (
	probeMember = `,"probe":{`
	space       = " \t\r\n"
)

// withProbe returns a JSON object with the probe as its last member; a value that is no object is returned unchanged.
func withProbe(value []byte, probe *encodedProbe, status []byte) []byte {
	members, isObject := objectMembers(value)
	if !isObject {
		return value
	}
	member := probeMember
	if len(members) == 1 {
		member = member[1:]
	}
	enriched := make([]byte, 0, len(members)+len(member)+len(probe.head)+len(status)+len(probe.tail)+4)
	enriched = append(append(enriched, members...), member...)
	enriched = append(append(enriched, probe.head...), ',')
	enriched = append(append(enriched, status...), ',')
	return append(append(enriched, probe.tail...), "}}"...)
}

// objectMembers returns an object from its opening brace to its last member, without a member "probe".
func objectMembers(value []byte) (members []byte, isObject bool) {
	value = bytes.Trim(value, space)
	if len(value) < 2 || value[0] != '{' || value[len(value)-1] != '}' {
		return nil, false
	}
	if mayHaveProbe(value) {
		return otherMembers(value), true
	}
	return bytes.TrimRight(value[:len(value)-1], space), true
}

// mayHaveProbe is fast, and may return true wrongly: the name is written plainly, or its letters are escaped, as \u0070 for p.
func mayHaveProbe(object []byte) bool {
	return bytes.Contains(object, []byte(`"probe"`)) || bytes.Contains(object, []byte(`\u00`))
}

func otherMembers(object []byte) []byte {
	others := append(make([]byte, 0, len(object)), '{')
	gjson.ParseBytes(object).ForEach(func(name, member gjson.Result) bool {
		if name.String() == "probe" {
			return true
		}
		if len(others) > 1 {
			others = append(others, ',')
		}
		others = append(append(others, name.Raw...), ':')
		others = append(others, member.Raw...)
		return true
	})
	return others
}
