package atlas

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func realRows(t testing.TB, name string) [][]byte {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]byte
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		rows = append(rows, bytes.Clone(scanner.Bytes()))
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// Every real result is accepted, and its value is unchanged.
func TestParseResultAcceptsRealRows(t *testing.T) {
	for name, count := range map[string]int{"dns": 2933, "http": 23, "ntp": 5, "ping": 950, "sslcert": 28, "traceroute": 1088, "wifi": 4} {
		t.Run(name, func(t *testing.T) {
			rows := realRows(t, name)
			if len(rows) != count {
				t.Fatalf("read %d rows, want %d", len(rows), count)
			}
			for i, row := range rows {
				event, err := ParseResult(row)
				if err != nil {
					t.Fatalf("row %d: %v\n%s", i+1, err, row)
				}
				if event.Type != name || !bytes.Equal(event.Value, row) {
					t.Fatalf("row %d: got type %q and value %s", i+1, event.Type, event.Value)
				}
			}
		})
	}
}

func TestParseResultReadsMembers(t *testing.T) {
	for _, test := range []struct {
		name, raw        string
		measurement      MeasurementID
		probe            ProbeID
		timestamp        int64
		eventType, value string
	}{
		{"plain", `{"msm_id":1001,"prb_id":7,"timestamp":1328019792,"type":"ping"}`, 1001, 7, 1328019792, "ping", ""},
		{"numbers as strings", `{"msm_id":"1020235","prb_id":"7","timestamp":"5","type":"ntp"}`, 1020235, 7, 5, "ntp", ""},
		{"escaped name", `{"msm\u005fid":1,"prb_id":7,"timestamp":0,"type":"p\u0069ng"}`, 1, 7, 0, "ping", ""},
		{"members in depth do not count", `{"a":{"msm_id":2},"msm_id":1,"prb_id":7,"timestamp":5,"type":"x"}`, 1, 7, 5, "x", ""},
		{"lone surrogate", `{"a":"\ud800","msm_id":1,"prb_id":7,"timestamp":5,"type":"x"}`, 1, 7, 5, "x", ""},
		{"over lines", "{\"msm_id\": 1,\n\"prb_id\":7,\r\n\t\"timestamp\":5,\"type\":\"x\", \"n\": 1.0e0, \"s\": \"a \\u0062\"}", 1, 7, 5, "x",
			`{"msm_id":1,"prb_id":7,"timestamp":5,"type":"x","n":1.0e0,"s":"a \u0062"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			event, err := ParseResult([]byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			if event.Measurement != test.measurement || event.Probe != test.probe || event.Time.Unix() != test.timestamp || event.Type != test.eventType {
				t.Errorf("got %+v", event)
			}
			want := test.value
			if want == "" {
				want = test.raw
			}
			if string(event.Value) != want {
				t.Errorf("value: got %s, want %s", event.Value, want)
			}
			if event.ID != EventIDOf(event.Value) || event.Stream != StreamResult {
				t.Errorf("got ID %s, stream %s", event.ID, event.Stream)
			}
		})
	}
}

func TestParseResultRefuses(t *testing.T) {
	for _, test := range []struct{ name, raw, want string }{
		{"nothing", ``, `not valid JSON: unexpected end`},
		{"an array", `[]`, `not a JSON object but an array`},
		{"a number", `17`, `not a JSON object but a number`},
		{"half an object", `{"msm_id":1,`, `unexpected end`},
		{"two objects", `{"msm_id":1,"prb_id":1,"timestamp":1,"type":"x"} {}`, `more than one JSON value`},
		{"a loose end", `{"msm_id":1,"prb_id":1,"timestamp":1,"type":"x"}]`, `not valid JSON at byte 48`},
		{"a bare word", `{"msm_id":NaN}`, `not valid JSON at byte 10`},
		{"not UTF-8", "{\"a\":\"\xff\",\"msm_id\":1,\"prb_id\":1,\"timestamp\":1,\"type\":\"x\"}", `not valid UTF-8`},
		{"no measurement", `{"prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: missing`},
		{"no probe", `{"msm_id":1,"timestamp":1,"type":"x"}`, `prb_id: missing`},
		{"no timestamp", `{"msm_id":1,"prb_id":1,"type":"x"}`, `timestamp: missing`},
		{"no type", `{"msm_id":1,"prb_id":1,"timestamp":1}`, `type: missing`},
		{"null measurement", `{"msm_id":null,"prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: got null, want a whole number from 1 to 9007199254740991`},
		{"fraction", `{"msm_id":1.5,"prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: got 1.5`},
		{"zero", `{"msm_id":0,"prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: got 0`},
		{"signed string", `{"msm_id":"+1","prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: got "+1"`},
		{"empty string", `{"msm_id":"","prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: got ""`},
		{"too large", `{"msm_id":1,"prb_id":99999999999999999999,"timestamp":1,"type":"x"}`, `prb_id: got 99999999999999999999`},
		{"before the epoch", `{"msm_id":1,"prb_id":1,"timestamp":-1,"type":"x"}`, `timestamp: got -1, want a whole number from 0`},
		{"milliseconds", `{"msm_id":1,"prb_id":1,"timestamp":1426633200000,"type":"x"}`, `timestamp: got 1426633200000`},
		{"type is a number", `{"msm_id":1,"prb_id":1,"timestamp":1,"type":3}`, `type: got 3, want a measurement type`},
		{"type is empty", `{"msm_id":1,"prb_id":1,"timestamp":1,"type":""}`, `type: got ""`},
		{"twice", `{"msm_id":1,"msm_id":2,"prb_id":1,"timestamp":1,"type":"x"}`, `msm_id: given twice`},
		{"an event", `{"msm_id":7000,"prb_id":1,"timestamp":1,"type":"connection","event":"connect"}`, `probe-status event`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseResult([]byte(test.raw))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestParseProbeStatus(t *testing.T) {
	event, err := ParseProbeStatus([]byte(
		`{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200,"controller":"ctr-ams01","asn":"","prefix":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if event.Measurement != ConnectionMeasurement || event.Stream != StreamProbeStatus || event.Probe != 12 || event.Type != "connection" {
		t.Errorf("got %+v", event)
	}
	for _, test := range []struct{ name, raw, want string }{
		{"no event", `{"type":"connection","prb_id":12,"timestamp":1}`, `event: missing`},
		{"other event", `{"type":"connection","event":"up","prb_id":12,"timestamp":1}`, `event: got "up", want "connect" or "disconnect"`},
		{"no probe", `{"type":"connection","event":"connect","timestamp":1}`, `prb_id: missing`},
		{"a result", `{"type":"ping","event":"connect","prb_id":12,"timestamp":1}`, `type: got "ping", want "connection"`},
		{"other measurement", `{"type":"connection","event":"connect","prb_id":12,"timestamp":1,"msm_id":1001}`, `msm_id: got 1001, want 7000 or none`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ParseProbeStatus([]byte(test.raw)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func BenchmarkParseResult(b *testing.B) {
	rows := append(realRows(b, "ping"), realRows(b, "dns")...)
	rows = append(rows, realRows(b, "traceroute")...)
	size := 0
	for _, row := range rows {
		size += len(row)
	}
	b.SetBytes(int64(size / len(rows)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := ParseResult(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
	}
}
