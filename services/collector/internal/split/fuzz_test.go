package split

import (
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever comes, the cut ends, does not depend on how the bytes arrive, and lines behind garbage are found.
func FuzzSplitter(f *testing.F) {
	for _, body := range []string{"{}\n{}", "{\n\"a\":1\n}\n", "[{},[1],\"x\"]", "{\"a\":[\n{\"a\":[\n{\"a\":[\n", "[{\"a\":\"\\\"]\"},", "x\n\r\n{\"a\":\n {}\n", "\ufeff[]x"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		whole, _ := cut(t, strings.NewReader(body), ample)
		pieces, _ := cut(t, iotest.OneByteReader(strings.NewReader(body)), ample)
		if !slices.Equal(whole, pieces) {
			t.Fatalf("whole: %q, in pieces: %q", whole, pieces)
		}
		narrow, _ := cut(t, strings.NewReader(body), Limits{Value: 16, Batch: 1})
		if len(narrow) > strings.Count(body, "\n")+strings.Count(body, ",")+2 {
			t.Fatalf("%d values", len(narrow))
		}
		findsLinesBehind(t, body)
	})
}

func findsLinesBehind(t *testing.T, garbage string) {
	if strings.HasPrefix(strings.TrimLeft(garbage, space+byteOrderMark), "[") || len(garbage) > ample.Value/2 {
		return
	}
	first, second := `{"a":"first"}`, `{"a":"second"}`
	got, err := cut(t, strings.NewReader(garbage+"\n"+first+"\n"+second+"\n"), ample)
	if err != nil || len(got) < 2 || !strings.HasSuffix(got[len(got)-2], ": "+first) || !strings.HasSuffix(got[len(got)-1], ": "+second) {
		t.Fatalf("behind %q: got %q, %v", garbage, got, err)
	}
}
