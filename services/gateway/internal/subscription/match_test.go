package subscription

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/condition"
)

// viewOf gives a view of a record with a type and a value, of measurement 1 and probe 7.
func viewOf(recordType, value string) *RecordView {
	view := NewRecordView(nil)
	view.Reset(&atlas.Record{Event: atlas.Event{Measurement: 1, Probe: 7, Type: recordType, Value: []byte(value)}})
	return view
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		name, parameters, recordType, value string
		want                                bool
	}{
		{"probe", `{"msm":1,"prb":7}`, "ping", `{}`, true},
		{"other probe", `{"msm":1,"prb":8}`, "ping", `{}`, false},
		{"other measurement", `{"msm":2}`, "ping", `{}`, false},
		{"type", `{"msm":1,"type":"ping"}`, "ping", `{}`, true},
		{"other type", `{"msm":1,"type":"ping"}`, "dns", `{"type":"ping"}`, false},
		{"number as string", `{"msm":1,"equalsTo":{"af":4}}`, "ping", `{"af":"4"}`, true},
		{"string as number", `{"msm":1,"equalsTo":{"af":"4"}}`, "ping", `{"af":4}`, true},
		{"numbers", `{"msm":1,"equalsTo":{"a":"0.5"}}`, "ping", `{"a":5e-1}`, true},
		{"long numbers", `{"msm":1,"equalsTo":{"a":9007199254740993}}`, "ping", `{"a":"9007199254740993.0"}`, true},
		{"long numbers that differ", `{"msm":1,"equalsTo":{"a":9007199254740993}}`, "ping", `{"a":9007199254740992}`, false},
		{"a long number and a short one", `{"msm":1,"equalsTo":{"a":0.1}}`, "ping", `{"a":0.1000000000000000055}`, false},
		{"short in many digits", `{"msm":1,"equalsTo":{"a":4}}`, "ping", `{"a":4.00000000000000000000}`, true},
		{"beyond a long bound", `{"msm":1,"greaterTo":{"a":9007199254740992}}`, "ping", `{"a":9007199254740993}`, true},
		{"before a long bound", `{"msm":1,"lessThan":{"a":-9007199254740992}}`, "ping", `{"a":-9007199254740993}`, true},
		{"not beyond a long bound", `{"msm":1,"lessThan":{"a":9007199254740993}}`, "ping", `{"a":9007199254740993.0}`, false},
		{"large numbers", `{"msm":1,"equalsTo":{"a":"1e999"}}`, "ping", `{"a":"1e998"}`, false},
		{"no number", `{"msm":1,"equalsTo":{"a":"0x10"}}`, "ping", `{"a":16}`, false},
		{"true", `{"msm":1,"equalsTo":{"a":true}}`, "ping", `{"a":"true"}`, true},
		{"false", `{"msm":1,"equalsTo":{"a":"false"}}`, "ping", `{"a":false}`, true},
		{"null", `{"msm":1,"equalsTo":{"a":null}}`, "ping", `{"a":null}`, true},
		{"null is not missing", `{"msm":1,"equalsTo":{"a":null}}`, "ping", `{}`, false},
		{"null is not empty", `{"msm":1,"equalsTo":{"a":null}}`, "ping", `{"a":""}`, false},
		{"empty", `{"msm":1,"equalsTo":{"asn":""}}`, "ping", `{"asn":""}`, true},
		{"one of several", `{"msm":1,"equalsTo":{"asn":"3333 4444"}}`, "ping", `{"asn":4444}`, true},
		{"none of several", `{"msm":1,"equalsTo":{"asn":"3333 4444"}}`, "ping", `{"asn":"3333 4444"}`, false},
		{"space", `{"msm":1,"equalsTo":{"a":["x y"]}}`, "ping", `{"a":"x y"}`, true},
		{"in a list", `{"msm":1,"equalsTo":{"a":2}}`, "ping", `{"a":[1,[2,3]]}`, true},
		{"not in a list", `{"msm":1,"equalsTo":{"a":4}}`, "ping", `{"a":[1,[2,3],{"4":4}]}`, false},
		{"escaped value", `{"msm":1,"equalsTo":{"a":"é\"/"}}`, "ping", `{"a":"\u00e9\"\/"}`, true},
		{"escaped name", `{"msm":1,"equalsTo":{"é.b":1}}`, "ping", `{"\u00e9":{"\u0062":1}}`, true},
		{"path", `{"msm":1,"equalsTo":{"a.b.c":1}}`, "ping", `{"a":{"b":{"c":1}}}`, true},
		{"path through lists", `{"msm":1,"equalsTo":{"a.b.c":1}}`, "ping", `{"a":[7,{"b":[[{"c":0}],{"c":1}]}]}`, true},
		{"path that ends early", `{"msm":1,"equalsTo":{"a":1}}`, "ping", `{"a":{"b":1}}`, false},
		{"path that goes too far", `{"msm":1,"equalsTo":{"a.b":1}}`, "ping", `{"a":1}`, false},
		{"name with a dot", `{"msm":1,"equalsTo":{"a.b":1}}`, "ping", `{"a":{"b":1},"a.b":2}`, false},
		{"name with a dot, further in", `{"msm":1,"equalsTo":{"x.a.b":2}}`, "ping", `{"x":{"a.b":2,"a":{"b":1}}}`, true},
		{"part of a name", `{"msm":1,"equalsTo":{"ab":1}}`, "ping", `{"a":1,"abc":1}`, false},
		{"last of two", `{"msm":1,"equalsTo":{"a":2}}`, "ping", `{"a":1,"a":2}`, true},
		{"last of two, further in", `{"msm":1,"equalsTo":{"x.a":1}}`, "ping", `{"x":{"a":1,"a":2}}`, false},
		{"no wildcards", `{"msm":1,"equalsTo":{"a.#":1}}`, "ping", `{"a":[1]}`, false},
		{"no queries", `{"msm":1,"equalsTo":{"a.#(b=1)#|0":1}}`, "ping", `{"a":[{"b":1}]}`, false},
		{"less", `{"msm":1,"lessThan":{"a":2}}`, "ping", `{"a":1.9}`, true},
		{"not less", `{"msm":1,"lessThan":{"a":2}}`, "ping", `{"a":2}`, false},
		{"less, in a string", `{"msm":1,"lessThan":{"a":"2"}}`, "ping", `{"a":"-3"}`, true},
		{"less than what is no number", `{"msm":1,"lessThan":{"a":2}}`, "ping", `{"a":null}`, false},
		{"greater", `{"msm":1,"greaterThan":{"a":2}}`, "ping", `{"a":[0,2.1]}`, true},
		{"not greater", `{"msm":1,"greaterTo":{"a":2}}`, "ping", `{"a":2,"b":3}`, false},
		{"between", `{"msm":1,"greaterTo":{"a":1},"lessThan":{"a":2}}`, "ping", `{"a":2.5}`, false},
		{"source", `{"msm":1,"sourceAddress":"193.0.0.1"}`, "ping", `{"src_addr":"10.0.0.1","from":"::ffff:193.0.0.1"}`, true},
		{"source of a hop", `{"msm":1,"sourceAddress":"193.0.0.1"}`, "traceroute", `{"result":[{"result":[{"from":"193.0.0.1"}]}]}`, false},
		{"source in a set", `{"msm":1,"sourcePrefix":"2001:db8::/32"}`, "dns", `{"resultset":[{},{"src_addr":"2001:DB8::7"}]}`, true},
		{"source of a wifi", `{"msm":1,"sourcePrefix":"193.0/16"}`, "wifi", `{"wpa_supplicant":{"ip_address":"193.0.10.126"}}`, true},
		{"destination of http", `{"msm":1,"destinationPrefix":"193/8"}`, "http", `{"result":[{"dst_addr":"193.0.6.139"}]}`, true},
		{"destination of another type", `{"msm":1,"destinationPrefix":"193/8"}`, "ping", `{"result":[{"dst_addr":"193.0.6.139"}]}`, false},
		{"destination by name", `{"msm":1,"destinationAddress":"2001:7fd::1"}`, "dns", `{"dst_name":"2001:7fd:0::1"}`, true},
		{"destination of old firmware", `{"msm":1,"destinationAddress":"62.2.16.12"}`, "ping", `{"addr":"62.2.16.12","name":"hsi.cablecom.ch"}`, true},
		{"zone", `{"msm":1,"destinationAddress":"fe80::1"}`, "ping", `{"dst_addr":"fe80::1%eth0"}`, true},
		{"IPv4 is not in ::/0", `{"msm":1,"destinationPrefix":"::/0"}`, "ping", `{"dst_addr":"::ffff:1.2.3.4"}`, false},
		{"no address", `{"msm":1,"sourcePrefix":"0/0"}`, "http", `{"src_addr":"GET4 193.0.6.139 0.04 200 263 1406"}`, false},
		{"on the way", `{"msm":1,"passThroughHost":"193.0.0.1"}`, "traceroute", `{"result":[{"result":[{"x":"*"},{"from":"193.0.0.1","late":2,"err":"H"}]}]}`, true},
		{"on the way of another type", `{"msm":1,"passThroughHost":"193.0.0.1"}`, "ping", `{"result":[{"result":[{"from":"193.0.0.1"}]}]}`, false},
		{"not a way but a source", `{"msm":1,"passThroughPrefix":"0/0"}`, "traceroute", `{"from":"193.0.0.1","result":[{"error":"no route"}]}`, false},
		{"two prefixes", `{"msm":1,"sourcePrefix":"10/8","sourceAddress":"193.0.0.1"}`, "ping", `{"src_addr":"10.0.0.1","from":"193.0.0.1"}`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := parse(t, test.parameters).matches(viewOf(test.recordType, test.value)); got != test.want {
				t.Errorf("%s on %s: got %t", test.parameters, test.value, got)
			}
			after := viewOf(test.recordType, test.value)
			condition.Equals("another", nil).Holds(&after.plain)
			if got := parse(t, test.parameters).matches(after); got != test.want {
				t.Errorf("%s on %s after another: got %t", test.parameters, test.value, got)
			}
		})
	}
}
