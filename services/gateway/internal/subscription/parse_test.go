package subscription

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, parameters string
		stream           atlas.Stream
		source           atlas.Stream
		measurement      atlas.MeasurementID
		probe            atlas.ProbeID
	}{
		{"RIPE's snippet", `{"stream_type":"result","msm":1001}`, "result", "result", 1001, 0},
		{"default stream", `{"msm":1001}`, "result", "result", 1001, 0},
		{"camelCase and strings", `{"streamType":"result","msm":"1001","prb":"7"}`, "result", "result", 1001, 7},
		{"connection events", `{"stream_type":"probestatus"}`, "probestatus", "probestatus", 7000, 0},
		{"alias, one probe", `{"stream_type":"probe","prb":7}`, "probestatus", "probestatus", 7000, 7},
		{"connection events as results", `{"msm":7000}`, "result", "probestatus", 7000, 0},
		{"switched off", `{"msm":1001,"sendBacklog":false,"buffering":"false","enrichProbes":"False"}`, "result", "result", 1001, 0},
		{"switched off by numbers", `{"msm":1001,"sendBacklog":0,"buffering":"0","enrichProbes":"0"}`, "result", "result", 1001, 0},
		{"connection events with everything", `{"stream_type":"probestatus","msm":"7000","type":"connection"}`, "probestatus", "probestatus", 7000, 0},
		{"metadata", `{"stream_type":"metadata"}`, "metadata", "metadata", 0, 0},
		{"metadata of one", `{"streamType":"metadata","msm":7000}`, "metadata", "metadata", 7000, 0},
		{"a query", `{"equalsTo.af":"4","lessThan[result.rt]":"5","acceptedFields":"prb_id, timestamp","msm":"1001"}`, "result", "result", 1001, 0},
		{"strings for objects", `{"equalsTo":"{\"af\":4}","acceptedFields":"[\"a,b\"]","msm":"1001"}`, "result", "result", 1001, 0},
		{"no conditions", `{"equalsTo":{},"lessThan":{},"msm":1001}`, "result", "result", 1001, 0},
		{"white space", " {\n\"msm\" : 1001 } ", "result", "result", 1001, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse([]byte(test.parameters))
			if err != nil {
				t.Fatal(err)
			}
			if got.Stream != test.stream || got.Measurement != test.measurement || got.Probe != test.probe || got.Source() != test.source {
				t.Errorf("got %+v from %s", got, got.Source())
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	members := make([]string, maxComparisons)
	for i := range members {
		members[i] = fmt.Sprintf(`"m%d":1`, i)
	}
	manyMembers := strings.Join(members, ",")
	for _, test := range []struct{ name, parameters, want string }{
		{"nothing", ``, `[malformed] parameters: got nothing, want a JSON object`},
		{"null", `null`, `[malformed] parameters: got null`},
		{"a string", `"1001"`, `[malformed] parameters: got "1001"`},
		{"half an object", `{"msm":`, `[malformed] parameters: got {"msm":`},
		{"not UTF-8", "{\"msm\":\"\xff\"}", "[malformed] parameters: got {\"msm\":\"\uFFFD\"}"},
		{"too deep", strings.Repeat(`{"msm":[`, 20) + strings.Repeat(`]}`, 20), `[malformed] parameters: got {"msm":[{`},
		{"no measurement", `{"stream_type":"result"}`, `[missing_parameter] msm: missing`},
		{"zero", `{"msm":0}`, `[invalid_parameter] msm: got 0, want a whole number from 1 to 9007199254740991`},
		{"fraction", `{"msm":1.5}`, `[invalid_parameter] msm: got 1.5`},
		{"words", `{"msm":"all"}`, `[invalid_parameter] msm: got "all"`},
		{"null measurement", `{"msm":null}`, `[invalid_parameter] msm: got null`},
		{"an empty list", `{"msm":[]}`, `[invalid_parameter] msm: got [], want 1 to 100 IDs`},
		{"a sign", `{"msm":"+5"}`, `[invalid_parameter] msm: got "+5", want a whole number from 1 to 9007199254740991`},
		{"a sign in a list", `{"msm":1,"prb":"1,+2"}`, `[invalid_parameter] prb: got "1,+2", want a whole number from 1 to 9007199254740991`},
		{"a list with a word", `{"msm":[1001,"all"]}`, `[invalid_parameter] msm: got [1001,"all"], want a whole number from 1 to 9007199254740991, or up to 100 of them in a list`},
		{"a list in a list", `{"msm":[1001,[1002]]}`, `[invalid_parameter] msm: got [1001,[1002]], want a whole number`},
		{"commas", `{"msm":"1001,,1002"}`, `[invalid_parameter] msm: got "1001,,1002", want a whole number`},
		{"a long list", `{"msm":1,"prb":"` + strings.Repeat("1,", 100) + `1"}`, `[invalid_parameter] prb: got more than 100 IDs, want 1 to 100`},
		{"many parts", `{"msm":[1,2,3,4,5,6,7,8,9,10,11],"prb":[` + numbers(91) + `]}`,
			`[invalid_parameter] prb: got 91, for each of 11 in msm, which are 1001 subscriptions, want at most 1000 together`},
		{"a list of a replay", `{"msm":[1,2],"startTime":1}`, `[invalid_parameter] msm: got several, want one with startTime: a replay is of one measurement`},
		{"a list behind a cursor", `{"msm":1,"prb":[1,2],"cursor":"x"}`, `[invalid_parameter] prb: got several, want one with a cursor, which is of one measurement, or "" for that`},
		{"a list of connection events", `{"stream_type":"probe","msm":[7000,1]}`, `[invalid_parameter] msm: got several, want 7000 or none with probestatus`},
		{"a list of probes with metadata", `{"stream_type":"metadata","prb":[1,2]}`, `[invalid_parameter] prb: got 1, want none with metadata`},
		{"probe", `{"msm":1001,"prb":-1}`, `[invalid_parameter] prb: got -1`},
		{"stream", `{"stream_type":"results","msm":1}`, `[invalid_parameter] stream_type: got "results", want "result", "probestatus" or "metadata"`},
		{"stream of another kind", `{"stream_type":["result"],"msm":1}`, `[invalid_parameter] stream_type: got ["result"]`},
		{"unknown", `{"msm":1,"probe":3}`, `[unknown_parameter] probe: there is no such parameter; there are stream_type, msm, prb, type, sourceAddress,`},
		{"backlog of a replay", `{"msm":1,"send_backlog":"true","startTime":1}`, `[invalid_parameter] send_backlog: got true, want false or none with startTime`},
		{"backlog of metadata", `{"stream_type":"metadata","sendBacklog":true}`, `[invalid_parameter] sendBacklog: got true, want false or none with metadata`},
		{"cursor of metadata", `{"stream_type":"metadata","cursor":""}`, `[invalid_parameter] cursor: given, want none with metadata`},
		{"since a word", `{"msm":1,"since":"yesterday"}`, `[invalid_parameter] since: got "yesterday", want Unix seconds up to 253402300799`},
		{"since of a replay", `{"msm":1,"since":1,"startTime":1}`, `[invalid_parameter] since: given, want none with startTime`},
		{"since with a backlog", `{"msm":1,"since":1,"sendBacklog":true}`, `[invalid_parameter] since: given, want none with sendBacklog`},
		{"since with a cursor", `{"msm":1,"since":1,"cursor":"x"}`, `[invalid_parameter] since: given, want none with a cursor`},
		{"since of metadata", `{"stream_type":"metadata","since":1}`, `[invalid_parameter] since: given, want none with metadata`},
		{"no cursor", `{"msm":1,"cursor":true}`, `[invalid_parameter] cursor: got true, want "" to receive cursors, or a cursor that was received`},
		{"long cursor", `{"msm":1,"cursor":"` + strings.Repeat("x", cursor.MaxLength+1) + `"}`, `want "" to receive cursors, or a cursor that was received, of at most 8192 bytes`},
		{"no switch", `{"msm":1,"sendBacklog":2}`, `[invalid_parameter] sendBacklog: got 2, want true or false, or 1 or 0`},
		{"buffering", `{"msm":1,"buffering":1.0}`, `[invalid_parameter] buffering: got 1.0, want true or false`},
		{"enrichProbes", `{"msm":1,"enrichProbes":"yes"}`, `[invalid_parameter] enrichProbes: got "yes", want true or false`},
		{"long name", `{"` + strings.Repeat("_", 1000) + `msm":"x"}`, `: got "x", want a whole number`},
		{"both styles", `{"stream_type":"result","streamType":"result","msm":1}`, `[repeated_parameter] streamType: repeated, first given as stream_type`},
		{"both names", `{"greaterTo":{"a":1},"greaterThan":{"b":1},"msm":1}`, `[repeated_parameter] greaterThan: repeated, first given as greaterTo`},
		{"twice", `{"msm":1,"msm":2}`, `[repeated_parameter] msm: repeated, first given as msm`},
		{"measurement of connections", `{"stream_type":"probestatus","msm":1001}`, `[invalid_parameter] msm: got 1001, want 7000 or none`},
		{"metadata of a probe", `{"stream_type":"metadata","prb":7}`, `[invalid_parameter] prb: got 7, want none with metadata`},
		{"metadata with a probe", `{"stream_type":"metadata","enrich_probes":true}`, `[invalid_parameter] enrich_probes: got true, want false or none with metadata`},
		{"fields", `{"msm":1,"acceptedFields":7}`, `[invalid_parameter] acceptedFields: got 7, want a list of member names`},
		{"fields in an object", `{"msm":1,"acceptedFields":{"a":1}}`, `[invalid_parameter] acceptedFields: got {"a":1}, want a list of member names`},
		{"no fields", `{"msm":1,"acceptedFields":[]}`, `[invalid_parameter] acceptedFields: got 0 names, want 1 to 100`},
		{"field", `{"msm":1,"acceptedFields":[1]}`, `[invalid_parameter] acceptedFields: got 1, want strings`},
		{"empty field", `{"msm":1,"acceptedFields":"a,,b"}`, `[invalid_parameter] acceptedFields: got "", want at most 8 member names joined with single dots, in 1 to 100 bytes`},
		{"long field", `{"msm":1,"acceptedFields":["` + strings.Repeat("x", 101) + `"]}`, `x…", want at most 8 member names joined with single dots, in 1 to 100 bytes`},
		{"many fields", `{"msm":1,"acceptedFields":[` + strings.Repeat(`"x",`, 100) + `"x"]}`, `got more than 100 names, want 1 to 100`},
		{"zero byte", `{"msm":1,"acceptedFields":["a\u0000b"]}`, `[invalid_parameter] acceptedFields: got "a\x00b", want at most 8 member names`},
		{"type", `{"msm":1,"type":"pong"}`, `[invalid_parameter] type: got "pong", want one of connection, dns, http, ntp, ping, sslcert, traceroute, wifi`},
		{"types", `{"msm":1,"type":["ping"]}`, `[invalid_parameter] type: got ["ping"], want one of`},
		{"address", `{"msm":1,"sourceAddress":"193.0"}`, `[invalid_parameter] sourceAddress: got "193.0", want an IPv4 or IPv6 address such as "193.0.0.1"`},
		{"zone", `{"msm":1,"destinationAddress":"fe80::1%eth0"}`, `[invalid_parameter] destinationAddress: got "fe80::1%eth0", want an IPv4`},
		{"host name", `{"msm":1,"passThroughHost":"example.net"}`, `[invalid_parameter] passThroughHost: got "example.net", want an IPv4`},
		{"number for an address", `{"msm":1,"passThroughHost":1}`, `[invalid_parameter] passThroughHost: got 1, want an IPv4`},
		{"no length", `{"msm":1,"sourcePrefix":"193.0.0.0"}`, `[invalid_parameter] sourcePrefix: got "193.0.0.0", want an IPv4 or IPv6 prefix such as "193.0.0.0/21", "200/8"`},
		{"length", `{"msm":1,"destinationPrefix":"193/33"}`, `[invalid_parameter] destinationPrefix: got "193/33", want an IPv4`},
		{"octets", `{"msm":1,"passThroughPrefix":"1.2.3.4.5/8"}`, `[invalid_parameter] passThroughPrefix: got "1.2.3.4.5/8"`},
		{"equalsTo", `{"msm":1,"equalsTo":["af",4]}`, `[invalid_parameter] equalsTo: got ["af",4], want an object of members and values such as {"af":4}`},
		{"no alternative", `{"msm":1,"equalsTo":{"af":" "}}`, `[invalid_parameter] equalsTo.af: got " ", want at least one value`},
		{"empty list", `{"msm":1,"equalsTo":{"af":[]}}`, `[invalid_parameter] equalsTo.af: got [], want at least one value`},
		{"object", `{"msm":1,"equalsTo":{"af":{"a":1}}}`, `[invalid_parameter] equalsTo.af: got {"a":1}, want a number, a string, true, false, null or a list of them`},
		{"list in a list", `{"msm":1,"equalsTo":{"af":[[1]]}}`, `[invalid_parameter] equalsTo.af: got [1], want a number, a string`},
		{"long alternative", `{"msm":1,"equalsTo":{"af":"` + strings.Repeat("x", 201) + `"}}`, `want values of at most 200 bytes`},
		{"alternatives", `{"msm":1,"equalsTo":{"af":"` + strings.Repeat("1 ", 1000) + `","a":1}}`, `[invalid_parameter] equalsTo.a: too many alternatives, want at most 1000`},
		{"path", `{"msm":1,"equalsTo":{"a..b":4}}`, `[invalid_parameter] equalsTo: got the member "a..b", want at most 8 member names joined with single dots`},
		{"deep path", `{"msm":1,"lessThan":{"a.b.c.d.e.f.g.h.i":4}}`, `[invalid_parameter] lessThan: got the member "a.b.c.d.e.f.g.h.i", want at most 8 member names`},
		{"lessThan", `{"msm":1,"lessThan":{"rt":"fast"}}`, `[invalid_parameter] lessThan.rt: got "fast", want a number`},
		{"greaterTo", `{"msm":1,"greater_than":{"rt":true}}`, `[invalid_parameter] greater_than.rt: got true, want a number`},
		{"same member", `{"msm":1,"equalsTo":{"af":4,"af":6}}`, `[repeated_parameter] equalsTo.af: repeated`},
		{"same member of a query", `{"msm":1,"equalsTo":{"af":4},"equalsTo.af":"6"}`, `[repeated_parameter] equalsTo.af: repeated`},
		{"many members", `{"msm":1,"equalsTo":{` + manyMembers + `},"lessThan":{"z":1}}`, `[invalid_parameter] lessThan.z: too many members, want at most 20 in equalsTo`},
		{"member of another parameter", `{"msm[a]":1}`, `[unknown_parameter] msm[a]: there is no such parameter; only equalsTo, lessThan and greaterTo have members`},
		{"bracket", `{"equalsTo[af":1}`, `[unknown_parameter] equalsTo[af: there is no such parameter`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.parameters))
			var refusal *protocol.Error
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// Subscriptions stay in memory as long as their clients are connected: what parsing them needed must not.
func TestParsedIsAllThatIsKept(t *testing.T) {
	const count, most = 10_000, 200 // bytes each
	kept := make([]*Subscription, count)
	parameters := []byte(`{"stream_type":"result","msm":1001}`)
	before := footprint.Heap()
	for i := range kept {
		kept[i], _ = Parse(parameters)
	}
	each := (footprint.Heap() - before) / count
	if runtime.KeepAlive(kept); each > most {
		t.Errorf("%d bytes each, want %d at most", each, most)
	}
}

func TestSwitches(t *testing.T) {
	for _, on := range []string{`true`, `"true"`, `"True"`, `1`, `"1"`} {
		if got := parse(t, `{"msm":1,"buffering":`+on+`,"enrichProbes":`+on+`,"sendBacklog":`+on+`}`); !got.Buffer || !got.Enrich || !got.Backlog {
			t.Errorf("%s: got %+v", on, got)
		}
	}
	for _, off := range []string{`false`, `"FALSE"`, `0`, `"0"`} {
		if got := parse(t, `{"msm":1,"buffering":`+off+`,"enrichProbes":`+off+`,"sendBacklog":`+off+`}`); got.Buffer || got.Enrich || got.Backlog {
			t.Errorf("%s: got %+v", off, got)
		}
	}
}
