package split

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever the body is, the Splitter ends, does not depend on how the bytes arrive, and finds lines after garbage.
func FuzzSplitter(f *testing.F) {
	for _, body := range []string{"{}\n{}", "{\n\"a\":1\n}\n", "[{},[1],\"x\"]", "{\"a\":[\n{\"a\":[\n{\"a\":[\n", "[{\"a\":\"\\\"]\"},", "x\n\r\n{\"a\":\n {}\n", "\ufeff[]x", "[{}]\ufeff[1]\n[2,", `{"6001":[{},{}], "6002" : []} {"1":[1]}`, "\ufeff{}\r\n\ufeff{}\ufeff{\n}\n",
		`{"a":{},"results":[{},1],"b":[]}{"objects":[{"results":[1]}]} {`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		whole, _ := cut(t, strings.NewReader(body), ample)
		pieces, _ := cut(t, iotest.OneByteReader(strings.NewReader(body)), ample)
		if !slices.Equal(whole, pieces) {
			t.Fatalf("whole: %q, in pieces: %q", whole, pieces)
		}
		narrow, _ := cut(t, strings.NewReader(body), Limits{Value: 16, Batch: 1})
		if len(narrow) > strings.Count(body, "\n")+strings.Count(body, ",")+strings.Count(body, "[")+strings.Count(body, byteOrderMark)+2 {
			t.Fatalf("%d values", len(narrow))
		}
		findsLinesBehind(t, body)
		cutsPages(t, body)
	})
}

func cutsPages(t *testing.T, body string) {
	pages := ample
	pages.Members = []string{"results", "objects"}
	whole, _ := cut(t, strings.NewReader(body), pages)
	pieces, _ := cut(t, iotest.OneByteReader(strings.NewReader(body)), pages)
	if !slices.Equal(whole, pieces) {
		t.Fatalf("pages: whole: %q, in pieces: %q", whole, pieces)
	}
	array := strings.Trim(body, space+byteOrderMark)
	if !strings.HasPrefix(array, "[") || !strings.HasSuffix(array, "]") || !valid([]byte(array)) { // several arrays, for one
		return
	}
	alone, _ := cut(t, strings.NewReader(array), ample)
	within, _ := cut(t, strings.NewReader(`{"count":1,"results":`+array+`}`), pages)
	if !broken(alone) && !slices.Equal(alone, within) {
		t.Fatalf("the array alone: %q, in a page: %q", alone, within)
	}
}

func broken(values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool { return strings.Contains(value, "nothing was read from") })
}

var beginsByProbe = regexp.MustCompile(`^\{\s*"\d+"\s*:\s*\[`)

func findsLinesBehind(t *testing.T, garbage string) {
	begin := strings.TrimLeft(garbage, space+byteOrderMark)
	if strings.HasPrefix(begin, "[") || beginsByProbe.MatchString(begin) || len(garbage) > ample.Value/2 {
		return
	}
	first, second := `{"a":"first"}`, `{"a":"second"}`
	got, err := cut(t, strings.NewReader(garbage+"\n"+first+"\n"+second+"\n"), ample)
	if err != nil || len(got) < 2 || !strings.HasSuffix(got[len(got)-2], ": "+first) || !strings.HasSuffix(got[len(got)-1], ": "+second) {
		t.Fatalf("behind %q: got %q, %v", garbage, got, err)
	}
}
