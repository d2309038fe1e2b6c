package subscription

import (
	"fmt"
	"net/url"
	"testing"

	"atlasstream/services/gateway/internal/parameter"
)

func parse(t testing.TB, parameters string) *Subscription {
	t.Helper()
	parsed, err := Parse([]byte(parameters))
	if err != nil {
		t.Fatalf("%s: %v", parameters, err)
	}
	return parsed
}

func TestKeyIgnoresOrderStyleAndSpelling(t *testing.T) {
	for name, same := range map[string][]string{
		"order and style": {
			`{"stream_type":"result","msm":1001,"prb":7,"acceptedFields":["b","a"]}`,
			`{"acceptedFields":["a","b","a"],"prb":"7","msm":"1001"}`,
			`{"accepted_fields":"b,a","PRB":7,"streamType":"result","msm":1001,"sendBacklog":false,"enrichProbes":"false","equalsTo":{}}`,
		},
		"connection events": {
			`{"stream_type":"probestatus"}`,
			`{"streamType":"probe","msm":7000}`,
		},
		"alternatives": {
			`{"msm":1,"equalsTo":{"asn":"3333 4444","af":4}}`,
			`{"msm":1,"equals_to":{"af":"4.0","asn":["4444",3333,3.333e3]}}`,
			`{"msm":1,"equalsTo.asn":"4444  3333","equalsTo[af]":"4"}`,
			`{"msm":1,"equalsTo":"{\"asn\":\"[4444,3333]\",\"af\":\"04\"}"}`,
		},
		"long numbers": {
			`{"msm":1,"equalsTo":{"a":[9007199254740993,"x"]},"lessThan":{"b":9007199254740993.10}}`,
			`{"msm":1,"equalsTo":{"a":["x","0900719925474099300e-2"]},"lessThan":{"b":"9.0071992547409931E15"}}`,
		},
		"texts": {
			`{"msm":1,"equalsTo":{"a":"true null x"}}`,
			`{"msm":1,"equalsTo":{"a":[null,true,"x"]}}`,
		},
		"bounds": {
			`{"msm":1,"lessThan":{"a":10},"greaterTo":{"b":0}}`,
			`{"msm":1,"greater_than":{"b":"-0"},"less_than":{"a":"1e1"}}`,
		},
		"prefixes": {
			`{"msm":1,"sourcePrefix":"193/16","passThroughHost":"::ffff:193.0.0.1"}`,
			`{"msm":1,"source_prefix":"193.0.5.6/16","pass_through_prefix":"193.0.0.1/32"}`,
			`{"msm":1,"passThroughPrefix":"193.0.0.1/32","sourcePrefix":"::ffff:193.0.0.0/112","passThroughHost":"193.0.0.1"}`,
		},
		"IPv6": {
			`{"msm":1,"destinationPrefix":"2001:db8/32","sourceAddress":"2001:DB8::1"}`,
			`{"msm":1,"sourceAddress":"2001:db8:0:0:0:0:0:1","destinationPrefix":"2001:db8::/32"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := parse(t, same[0]).Key()
			for _, other := range same[1:] {
				if got := parse(t, other).Key(); got != want {
					t.Errorf("%s\ngot  %s\nwant %s", other, got, want)
				}
			}
		})
	}
}

func TestKeyTellsApart(t *testing.T) {
	keys := make(map[string]string)
	for _, parameters := range []string{
		`{"msm":1001}`, `{"msm":1002}`, `{"msm":1001,"prb":1}`, `{"msm":7000}`, `{"stream_type":"probestatus"}`, `{"stream_type":"metadata"}`,
		`{"stream_type":"metadata","msm":1001}`, `{"msm":1001,"acceptedFields":["a","b"]}`, `{"msm":1001,"acceptedFields":["a.b"]}`,
		`{"msm":1001,"acceptedFields":["a\" \"b"]}`, `{"msm":1001,"enrichProbes":true}`, `{"msm":1001,"buffering":true}`, `{"msm":1001,"type":"ping"}`,
		`{"msm":1001,"sourcePrefix":"193/16"}`, `{"msm":1001,"sourcePrefix":"193/8"}`, `{"msm":1001,"destinationPrefix":"193/8"}`,
		`{"msm":1001,"passThroughPrefix":"193/8"}`, `{"msm":1001,"equalsTo":{"a":4}}`, `{"msm":1001,"equalsTo":{"a":"x"}}`, `{"msm":1001,"equalsTo":{"a":""}}`,
		`{"msm":1001,"equalsTo":{"a":["x y"]}}`, `{"msm":1001,"equalsTo":{"a":"x y"}}`, `{"msm":1001,"equalsTo":{"a":4,"b":4}}`, `{"msm":1001,"lessThan":{"a":4}}`,
		`{"msm":1001,"equalsTo":{"a":9007199254740992}}`, `{"msm":1001,"equalsTo":{"a":9007199254740993}}`,
		`{"msm":1001,"lessThan":{"a":9007199254740992}}`, `{"msm":1001,"lessThan":{"a":"9007199254740993"}}`,
		`{"msm":1001,"greaterTo":{"a":4}}`, `{"msm":1001,"equalsTo":{"a":["1 2"]}}`, `{"msm":1001,"equalsTo":{"a":"1 2"}}`,
		`{"msm":[1001,1002]}`, `{"msm":1001,"prb":[1,2]}`, `{"msm":[1001,1002],"prb":[1,2]}`, `{"stream_type":"probe","prb":[1,2]}`,
		`{"msm":1001,"limit":1}`, `{"msm":1001,"limit":2}`, `{"msm":1001,"duration":1}`, `{"msm":1001,"limit":1,"duration":1}`,
	} {
		key := parse(t, parameters).Key()
		if other, known := keys[key]; known {
			t.Errorf("%s and %s have the same key", parameters, other)
		}
		keys[key] = parameters
	}
}

func TestQueryMeansTheSame(t *testing.T) {
	query := url.Values{
		"msm": {"1001"}, "prb": {"7"}, "buffering": {"true"}, "acceptedFields": {"prb_id,result.rt"}, "equalsTo": {`{"asn":"3333 4444"}`},
		"equalsTo.af": {"4"}, "lessThan[result.rt]": {"5"}, "sourcePrefix": {"200/8"},
	}
	want := parse(t, `{"msm":1001,"prb":7,"buffering":true,"acceptedFields":["prb_id","result.rt"],"equalsTo":{"asn":[3333,4444],"af":4},
		"lessThan":{"result.rt":5},"sourcePrefix":"200.0.0.0/8"}`).Key()
	if got := parse(t, string(parameter.FromQuery(query))).Key(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	query.Add("prb", "8")
	if _, err := Parse(parameter.FromQuery(query)); fmt.Sprint(err) != "[repeated_parameter] prb: repeated, first given as prb" {
		t.Errorf("a repeated name: got %v", err)
	}
}
