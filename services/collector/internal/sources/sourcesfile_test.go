package sources

import (
	"strings"
	"testing"
)

const secret = "SxyJxUAD2BFoF2gZ8Tbz"

func TestParseFile(t *testing.T) {
	read, err := parse([]byte(`[
		{"name":"ams","token":"`+secret+`","rights":["results","probestatus"],"weight":3},
		{"name":"lab","certificate":"lab.example","rights":["registries"],"probes":[1],"records_per_second":5,"bytes_per_second":6}
	]`), true)
	if err != nil || len(read) != 2 {
		t.Fatalf("got %v, %v", read, err)
	}
	ams, lab := read[0], read[1]
	if ams.Name != "ams" || ams.Share != 0.75 || lab.Share != 0.25 || lab.certificate != "lab.example" {
		t.Errorf("got %+v, %+v", ams, lab)
	}
	if lab.rates.records.perSecond != 5 || lab.rates.bytes.perSecond != 6 || !lab.probes.has(1) || lab.measurements != nil {
		t.Errorf("got %+v", lab)
	}
}

// Every error says where the fault is and what is wanted, and does not quote a token.
func TestParseFileRefuses(t *testing.T) {
	good := `"token":"` + secret + `","rights":["results"]`
	for _, test := range []struct{ file, want string }{
		{`{}`, `line 1: not readable, want [{"name":"…","token":"…","certificate":"…"`},
		{`[{"name":"x",` + good + `,"roles":[]}]`, "not readable"},
		{`[{` + good + `}]`, "source 1 of 1: name: got 0 bytes, want 1 to 64"},
		{`[{"name":"x","rights":["results"]}]`, "want a token or a certificate, got neither"},
		{`[{"name":"x","token":"` + secret[:15] + `","rights":["results"]}]`, "token: got 15 characters, want 16 to 512"},
		{`[{"name":"x","certificate":"x","rights":["results"]}]`, "certificate: means nothing without --client-ca"},
		{`[{"name":"x","token":"` + secret + `"}]`, "rights: missing, want one or more of results, probestatus, registries"},
		{`[{"name":"x","token":"` + secret + `","rights":["results","all"]}]`, "rights: right 2 is unknown, want results, probestatus, registries"},
		{`[{"name":"x","token":"` + secret + `","rights":["probestatus"],"measurements":[1]}]`, "wants probes as well"},
		{`[{"name":"x",` + good + `,"probes":[]}]`, "probes: empty, want at least one ID"},
		{`[{"name":"x",` + good + `,"measurements":[1,0]}]`, "measurements: ID 2 of 2 is 0, want 1 to 9007199254740991"},
		{`[{"name":"x",` + good + `,"records_per_second":-1}]`, "records_per_second: got -1, want more than 0"},
		{`[{"name":"x",` + good + `,"bytes_per_second":-1}]`, "bytes_per_second: got -1, want more than 0"},
		{`[{"name":"x",` + good + `,"weight":1001}]`, "weight: got 1001, want 1 to 1000"},
		{`[{"name":"x",` + good + `},{"name":"x","token":"another-token-of-it","rights":["results"]}]`, "source 2 of 2: name: the same as one before"},
		{`[{"name":"x",` + good + `},{"name":"y",` + good + `}]`, "source 2 of 2: token: the same as one before"},
	} {
		_, err := parse([]byte(test.file), false)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s:\ngot  %v\nwant %s", test.file, err, test.want)
		}
	}
	const twice = `[{"name":"x","certificate":"c","rights":["results"]},{"name":"y","certificate":"c","rights":["results"]}]`
	if _, err := parse([]byte(twice), true); err == nil || !strings.Contains(err.Error(), "certificate: the same as one before") {
		t.Errorf("got %v", err)
	}
}

func FuzzSourcesFile(f *testing.F) {
	f.Add([]byte(`[{"name":"ams","token":"` + secret + `","rights":["results","probestatus"],"measurements":[1],"probes":[2],"weight":3}]`))
	f.Add([]byte(`[{"name":"lab","certificate":"lab.example","rights":["registries"],"records_per_second":5,"bytes_per_second":6},{}]`))
	f.Add([]byte(`[{"name":"lab","rights":[1]}]`))
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := parse(file, true)
		if err != nil {
			return
		}
		shares := 0.
		for _, source := range read {
			if source.Name == "" || len(source.rights) == 0 || source.Share <= 0 || source.certificate == "" && source.TokenDigest() == Everybody.token {
				t.Errorf("%q makes a source %+v", file, source)
			}
			shares += source.Share
		}
		if len(read) > 0 && (shares < 0.999 || shares > 1.001) {
			t.Errorf("the shares are %v together", shares)
		}
	})
}
