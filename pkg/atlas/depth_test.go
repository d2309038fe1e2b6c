package atlas

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func nested(depth int) string {
	return `{"msm_id":1001,"prb_id":2,"timestamp":3,"type":"ping","note":"\"[[[{{{","result":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}"
}

func TestDepth(t *testing.T) {
	for depth, want := range map[int]string{
		2: "", MaxDepth: "",
		MaxDepth + 1: "objects and arrays nest deeper than 100, the limit, at byte 180",
		20_000:       "objects and arrays nest deeper than 100, the limit, at byte 180",
	} {
		got := ""
		if _, err := ParseResult([]byte(nested(depth))); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("depth %d: got %q, want %q", depth, got, want)
		}
	}
}

// Depth counts open objects and arrays; brackets in strings do not count.
func TestDepthCountsWhatIsOpen(t *testing.T) {
	wide := strings.Repeat("[", MaxDepth) + "1" + strings.Repeat(`,[{"a\\":"[[[\"[[["}]`, 1000) + strings.Repeat("]", MaxDepth)
	if err := CheckDepth([]byte(wide[1:])); err == nil {
		t.Error("101 are open and it says nothing")
	}
	if err := CheckDepth([]byte(wide[2:])); err != nil {
		t.Errorf("100 are open: %v", err)
	}
}

// Every parser of records and objects enforces the depth.
func TestDepthOfEveryKind(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	for name, parse := range map[string]func() error{
		"probe status": func() error {
			_, err := ParseProbeStatus([]byte(`{"type":"connection","event":"connect","prb_id":1,"timestamp":1,"x":` + deep + `}`))
			return err
		},
		"probe":       func() error { _, err := ProbeObject([]byte(`{"id":1,"x":` + deep + `}`)); return err },
		"measurement": func() error { _, err := MeasurementObject([]byte(`{"id":1,"x":` + deep + `}`)); return err },
	} {
		if err := parse(); err == nil || !strings.Contains(err.Error(), "nest deeper than 100") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// deep-995.jsonl stops clients with Python's recursive parser; collectors once accepted it.
func TestDepthOfAHostileResult(t *testing.T) {
	raw, err := os.ReadFile("../../services/collector/testdata/deep-995.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseResult(raw); err == nil || !strings.Contains(err.Error(), "nest deeper than 100") {
		t.Errorf("got %v", err)
	}
}

func FuzzCheckDepth(f *testing.F) {
	f.Add([]byte(nested(MaxDepth)))
	f.Add([]byte(nested(MaxDepth + 1)))
	f.Add([]byte(`"\`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := CheckDepth(raw)
		if !json.Valid(raw) {
			return
		}
		if got := depthOf(t, raw); (got > MaxDepth) != (err != nil) {
			t.Fatalf("depth %d of %q: got %v", got, raw, err)
		}
	})
}

// depthOf is the depth by another parser.
func depthOf(t *testing.T, raw []byte) int {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	depth, deepest := 0, 0
	for {
		token, err := decoder.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		deepest = max(deepest, depth)
	}
}
