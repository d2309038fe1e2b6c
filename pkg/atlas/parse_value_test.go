package atlas

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

func TestCheckValue(t *testing.T) {
	for _, good := range []string{`{}`, `{"a":[1,-0.5e3,true,false,null,"\u00e9 é \ud800"]}`, " {\"a\" :\t1\r}\n", strings.Repeat(`{"a":`, MaxDepth-1) + `{}` + strings.Repeat(`}`, MaxDepth-1)} {
		if err := CheckValue([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		``, `{`, `}`, `[]`, `1`, `{"a":1}{}`, `{"a":1},{}`, "\x00{}", "{}\v", `{"a":01}`, `{"a":1.}`, `{"a":+1}`, `{"a":NaN}`, `{"a":nul}`, `{a:1}`,
		`{"a":1,}`, `{"a"}`, `{"a":"\x"}`, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", `{"a":"}`, `{"a":[1,]}`, `{"a":[}`,
		strings.Repeat(`{"a":`, MaxDepth) + `{}` + strings.Repeat(`}`, MaxDepth),
	} {
		if err := CheckValue([]byte(bad)); err == nil {
			t.Errorf("%q is let pass", bad)
		}
	}
}

// Texts that differ from a valid one in a byte, or end early, are accepted or refused as by other parsers.
func TestCheckValueOfEveryByte(t *testing.T) {
	valid := " {\"a\":[1,-0.5e3,true,{\"\":0 , \"\\u00e9\\n\":\"é€😀\\\"\"}, {}],\"bcdefghi\" : 1234567890.125E+1,\"j\":[[],{\"k\":null}],\"l\":-10,\"m\":false}\n"
	assertSameJudgement(t, []byte(valid))
	for at := range len(valid) {
		assertSameJudgement(t, []byte(valid[:at]))
		assertSameJudgement(t, []byte(valid[:at]+valid[at+1:]))
		for c := range 256 {
			assertSameJudgement(t, []byte(valid[:at]+string([]byte{byte(c)})+valid[at+1:]))
			assertSameJudgement(t, []byte(valid[:at]+string([]byte{byte(c)})+valid[at:]))
		}
	}
}

// assertSameJudgement compares with the collector's parser, and with other JSON parsers.
func assertSameJudgement(t *testing.T, raw []byte) {
	t.Helper()
	got := CheckValue(raw)
	if err := visitMembers(raw, func([]byte, []byte) error { return nil }); (got == nil) != (err == nil) {
		t.Fatalf("%q: got %v, the parser says %v", raw, got, err)
	}
	object := bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
	if valid := object && utf8.Valid(raw) && CheckDepth(raw) == nil && gjson.ValidBytes(raw); valid != (got == nil) {
		t.Fatalf("%q: got %v, gjson says it is valid: %t", raw, got, valid)
	}
}

func TestCheckValueSaysWhy(t *testing.T) {
	for value, want := range map[string]string{
		``:                           "not a JSON object",
		`[{}]`:                       "not a JSON object",
		`{"a":1`:                     "not valid JSON: unexpected end",
		`{"a":01}`:                   "not valid JSON at byte 6",
		`{"a":1}{}`:                  "more than one JSON object: there is text after the first at byte 7",
		"{\"\xff\":1}":               "not valid UTF-8 at byte 2",
		strings.Repeat(`{"a":`, 101): "objects and arrays nest deeper than 100, the limit, at byte 500",
	} {
		if err := CheckValue([]byte(value)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", value, err, want)
		}
	}
}

// FuzzCheckValue compares with other parsers.
func FuzzCheckValue(f *testing.F) {
	for _, name := range []string{"dns", "http", "ntp", "ping", "sslcert", "wifi", "traceroute"} {
		f.Add(realRows(f, name)[0])
	}
	for _, seed := range []string{`{"a":[1,-0.5e3,true,false,null,"\u00e9 é \ud800"]}`, `{"a":01}`, "{\"a\":\"\xff\"}", `{"a":"\x"}`, `{}{}`, `{"a":{"b":[[]]},}`} {
		f.Add([]byte(seed))
	}
	for depth := MaxDepth - 1; depth <= MaxDepth+1; depth++ {
		f.Add([]byte(strings.Repeat(`{"a":[`, depth/2) + strings.Repeat(`]}`, depth/2)))
	}
	f.Fuzz(assertSameJudgement)
}

func BenchmarkCheckValue(b *testing.B) {
	for _, name := range []string{"dns", "ping", "sslcert", "traceroute"} {
		b.Run(name, func(b *testing.B) {
			rows := realRows(b, name)
			size := 0
			for _, row := range rows {
				size += len(row)
			}
			b.SetBytes(int64(size / len(rows)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := CheckValue(rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
