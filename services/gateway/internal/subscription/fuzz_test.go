package subscription

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/parameter"
	"atlasstream/services/gateway/internal/protocol"
)

var examples = []string{
	`{"stream_type":"result","msm":1001,"prb":"7","acceptedFields":["a","b.c"]}`,
	`{"streamType":"probe","msm":7000,"enrichProbes":"true","buffering":true,"equalsTo":{"probe.country_code":"NL DE"}}`,
	`{"msm":1,"type":"traceroute","passThroughPrefix":"200/8","sourceAddress":"::ffff:1.2.3.4","destinationPrefix":"2001:db8/32"}`,
	`{"msm":1,"equalsTo":{"af":4,"b":[true,null,"x y",1.50]},"lessThan":{"result.rt":"5"},"greaterThan[result.rt]":"-1e3"}`,
	`{"msm":1,"startTime":1426633200,"end_time":"1426636800.5","speed":"1e1"}`,
	`{"msm":1,"limit":10,"duration":"2.5"}`,
	`{"msm":[1001,"1002"],"prb":"1, 2,3","cursor":""}`,
	`{"msm":1,"since":"2026-01-30T12:00Z","cursor":""}`,
	`{"stream_type":"metadata","equals_to.status.name":"Stopped Failed","acceptedFields":"id, status.name"}`,
}

func FuzzParse(f *testing.F) {
	for _, example := range examples {
		f.Add([]byte(example), uint64(1))
	}
	f.Fuzz(func(t *testing.T, parameters []byte, seed uint64) {
		parsed, err := Parse(parameters)
		if err != nil {
			var refusal *protocol.Error
			if !errors.As(err, &refusal) || len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) {
				t.Errorf("an error of %d bytes: %v", len(err.Error()), err)
			}
			return
		}
		every := parsed.Measurement == 0 && parsed.Stream == atlas.StreamMetadata
		if !every && parsed.Measurement < 1 || parsed.Probe < 0 || !json.Valid(parameters) {
			t.Errorf("accepted %s as %+v", parameters, parsed)
		}
		other := inOtherWords(parameters, rand.New(rand.NewPCG(seed, 0)))
		again, err := Parse(other)
		if err != nil {
			t.Fatalf("%s is accepted, %s is not: %v", parameters, other, err)
		}
		if again.Key() != parsed.Key() {
			t.Errorf("%s\n%s\n%s\n%s", parameters, parsed.Key(), other, again.Key())
		}
	})
}

// inOtherWords writes the same parameters in another order and style, and numbers and booleans as strings.
func inOtherWords(parameters []byte, random *rand.Rand) []byte {
	var members []string
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		text := value.Raw
		if value.Type == gjson.Number || value.IsBool() {
			text = `"` + text + `"`
		}
		if list, isString := value.Value().([]any); isString && len(list) > 1 && !slices.ContainsFunc(value.Array(), func(element gjson.Result) bool { return element.IsObject() || element.IsArray() }) {
			elements := value.Array()
			random.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
			raws := make([]string, len(elements))
			for i, element := range elements {
				raws[i] = element.Raw
			}
			text = " [ " + strings.Join(raws, " , ") + " ] "
		}
		members = append(members, quoted(inOtherStyle(name.String()))+" : "+text)
		return true
	})
	random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return []byte("{ " + strings.Join(members, " , ") + " }")
}

// inOtherStyle changes the style of a name, but not of the member in it.
func inOtherStyle(name string) string {
	base, _, _ := splitMember(name)
	rest := name[len(base):]
	if strings.Contains(base, "_") {
		return strings.ToUpper(strings.ReplaceAll(base, "_", "")) + rest
	}
	return "_" + base + rest
}

func quoted(text string) string {
	written, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(written)
}

func FuzzQuery(f *testing.F) {
	f.Add("msm=1001&equalsTo.af=4&acceptedFields=a,b")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		parameters := parameter.FromQuery(values)
		if !json.Valid(parameters) || !utf8.Valid(parameters) {
			t.Errorf("%q becomes %s", query, parameters)
		}
		_, _ = Parse(parameters)
	})
}
