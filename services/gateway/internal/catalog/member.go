package catalog

import (
	"bytes"

	"github.com/tidwall/gjson"
)

const (
	probeMember = `,"probe":{`
	space       = " \t\r\n"
)

// withProbe gives a JSON object with the probe as its last member; what is no object comes back as it is.
func withProbe(value []byte, probe *probe, status []byte) []byte {
	members, isObject := membersOf(value)
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

// membersOf gives an object from its opening brace to its last member, without a member "probe".
func membersOf(value []byte) (members []byte, isObject bool) {
	value = bytes.Trim(value, space)
	if len(value) < 2 || value[0] != '{' || value[len(value)-1] != '}' {
		return nil, false
	}
	if mayHaveProbe(value) {
		return otherMembers(value), true
	}
	return bytes.TrimRight(value[:len(value)-1], space), true
}

// mayHaveProbe is quick and errs on one side: a name is written plainly, or its letters are escaped, as \u0070 for p.
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
