package atlas

import (
	"strings"
	"testing"
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

// FuzzCheckValue compares with the parser of what comes in at the doors.
func FuzzCheckValue(f *testing.F) {
	for _, name := range []string{"dns", "http", "ntp", "ping", "sslcert", "wifi", "traceroute"} {
		f.Add(realRows(f, name)[0])
	}
	for _, seed := range []string{`{"a":[1,-0.5e3,true,false,null,"\u00e9 é \ud800"]}`, `{"a":01}`, "{\"a\":\"\xff\"}", `{"a":"\x"}`, `{}{}`, `{"a":{"b":[[]]},}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := visitMembers(raw, func([]byte, []byte) error { return nil })
		if got := CheckValue(raw); (got == nil) != (err == nil) {
			t.Fatalf("%q: got %v, the parser says %v", raw, got, err)
		}
	})
}

func BenchmarkCheckValue(b *testing.B) {
	for _, name := range []string{"ping", "traceroute"} {
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
