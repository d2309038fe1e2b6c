package jsonpath

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/jsonpath/jsonpathtest"
)

func pick[E any](random *rand.Rand, from []E) E { return from[random.IntN(len(from))] }

// documentOf is a new document with a value.
func documentOf(value []byte) *Document {
	var document Document
	document.Load(value)
	return &document
}

func (d *Document) pruned(paths ...string) []byte { return d.Prune(d.Select(NewPathSet(paths))) }

// checkFound compares what a path leads to with the oracle.
func checkFound(t *testing.T, document *Document, object map[string]any, text string) {
	t.Helper()
	path := NewPath(text)
	got := document.Find(&path)
	var want []string
	for _, scalar := range jsonpathtest.Find(object, text) {
		want = append(want, jsonpathtest.Text(scalar))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q in %s\ngot  %q\nwant %q", text, document.value, got, want)
	}
}

// checkPruned compares what paths keep with the oracle.
func checkPruned(t *testing.T, document *Document, object map[string]any, paths ...string) {
	t.Helper()
	pruned := document.pruned(paths...)
	if want := jsonpathtest.Prune(object, paths...); !reflect.DeepEqual(jsonpathtest.Decode(pruned), want) {
		t.Errorf("%q of %s\ngot  %s\nwant %v", paths, document.value, pruned, want)
	}
}

// oddValues have names that a schema cannot represent, and what is easily confused with them.
var oddValues = []string{
	`{"a":{"b":1},"a":2}`, `{"a":[{"b":1,"b":2},{"b":3}]}`, `{"a.b":1,"a":{"b":2}}`, `{"a":{"\u0062":1}}`, `{"a":{"b":"\u0062"}}`, `{"":1,"a":{"":2,"b":3}}`,
	`{"a":[1,[2,{"b":3}],"4"]}`, `{ "a" : { "b" : [ "x\"b\":1" , -1 ] } , "b" : null }`, `{"b":1,"a":{"b":2}}`, `{"a":1}`, `{}`, `[]`, `7`, ``,
	`{"a-long-name-of-a-member":1,"a-long-name-of-another":{"b":2}}`,
}

// One document has values of all kinds one after another.
func TestManyValues(t *testing.T) {
	sample, random := jsonpathtest.RealSample(), rand.New(rand.NewPCG(1, 2))
	var document Document
	for range 5000 {
		document.Reset()
		if random.IntN(3) == 0 {
			value := []byte(pick(random, oddValues))
			document.Load(value)
			object, _ := jsonpathtest.Decode(value).(map[string]any)
			for _, path := range []string{"a", "a.b", "b", "a-long-name-of-another.b"} {
				checkFound(t, &document, object, path)
			}
			continue
		}
		i := random.IntN(len(sample.Values))
		document.Load(sample.Values[i])
		for range 3 {
			checkFound(t, &document, sample.Decoded[i], pick(random, sample.Paths[random.IntN(len(sample.Paths))]))
		}
		paths := make([]string, 1+random.IntN(4))
		for j := range paths {
			paths[j] = pick(random, sample.Paths[random.IntN(len(sample.Paths))])
		}
		paths[0] = pick(random, sample.Paths[i])
		checkPruned(t, &document, sample.Decoded[i], paths...)
	}
}

func TestRealValuesAreSeldomIrregular(t *testing.T) {
	var document Document
	irregular, values := 0, jsonpathtest.RealSample().Values
	for _, value := range values {
		document.Reset()
		document.Load(value)
		if document.readScalars(); document.schema.irregular {
			irregular++
		}
	}
	if irregular > len(values)/1000 {
		t.Errorf("%d of %d", irregular, len(values))
	}
}

// The schema drops names that are different in each value, and finds members before and after that, by the same path too.
func TestSchemaIsForgotten(t *testing.T) {
	var document Document
	same, random := NewPath("c"), rand.New(rand.NewPCG(1, 1))
	for i := range 3 * maxMembers {
		name := fmt.Sprintf("m%d", random.IntN(1e9))
		value := fmt.Appendf(nil, `{"a":{%q:%d},"b":[{%[1]q:1}],"c":%[2]d}`, name, i)
		document.Reset()
		document.Load(value)
		checkFound(t, &document, jsonpathtest.Decode(value).(map[string]any), "a."+name)
		if got := document.Find(&same); !slices.Equal(got, []string{fmt.Sprint(i)}) {
			t.Fatalf("value %d: got %q", i, got)
		}
		if document.schema.count > maxMembers {
			t.Fatalf("%d members are kept", document.schema.count)
		}
	}
}

// What a document keeps from value to value is bounded.
func TestDocumentKeepsLittle(t *testing.T) {
	value := []byte(`{"a":[0`)
	for i := range 250_000 {
		value = fmt.Appendf(value, ",%d", i)
	}
	document := documentOf(append(value, `]}`...))
	path := NewPath("a")
	if found := len(document.Find(&path)); found != 250_001 {
		t.Errorf("found %d", found)
	}
	document.pruned("a")
	document.Reset()
	kept := []int{cap(document.memory), cap(document.schema.nodes), cap(document.schema.scalars), cap(document.texts)}
	if kept[0] > maxMemory || kept[1] > maxNodes || kept[2] > maxPositions || kept[3] > maxTexts || document.value != nil {
		t.Errorf("kept: %d bytes, %d nodes, %d positions, %d texts", kept[0], kept[1], kept[2], kept[3])
	}
}

func TestPrune(t *testing.T) {
	value := []byte(`{"msm_id":1001,"result":[{"rtt":1.50, "x" : {"y":1}},{"x":"*"},"rtt"],"n\u0061me":"é", "prb_id" :7,"a.b":{"c":1},"a":{"b":2},"z":{},"z":[]}`)
	for _, test := range []struct {
		paths []string
		want  string
	}{
		{[]string{"prb_id", "msm_id"}, `{"msm_id":1001,"prb_id" :7}`},
		{[]string{"name"}, `{"n\u0061me":"é"}`},
		{[]string{"rtt"}, `{}`},
		{[]string{"result.rtt"}, `{"result":[{"rtt":1.50},{}]}`},
		{[]string{"result.x.y", "result.rtt"}, `{"result":[{"rtt":1.50,"x" : {"y":1}},{}]}`},
		{[]string{"result.rtt", "result"}, `{"result":[{"rtt":1.50, "x" : {"y":1}},{"x":"*"},"rtt"]}`},
		{[]string{"prb_id.x", "msm_id"}, `{"msm_id":1001}`},
		{[]string{"a.b"}, `{"a.b":{"c":1}}`},
		{[]string{"a.b.c", "a"}, `{"a.b":{"c":1},"a":{"b":2}}`},
		{[]string{"a.b.d"}, `{"a.b":{}}`},
		{[]string{"z.a"}, `{"z":{},"z":[]}`},
	} {
		if got := string(documentOf(value).pruned(test.paths...)); got != test.want {
			t.Errorf("%q\ngot  %s\nwant %s", test.paths, got, test.want)
		}
	}
}

// A selection is the same, and pruned once, for all sets that keep the same.
func TestPrunedOnce(t *testing.T) {
	for _, value := range []string{`{"a":1,"b":2}`, `{"a":1,"b":2,"c.d":3}`} {
		document := documentOf([]byte(value))
		first := document.pruned("a")
		document.pruned("b")
		again := document.Prune(document.Select(NewPathSet([]string{"a"})))
		if string(again) != `{"a":1}` || &again[0] != &first[0] || document.Counts().Prunings != 2 {
			t.Errorf("%s: got another %s, after %d prunings", value, again, document.Counts().Prunings)
		}
		if united := document.Prune(document.Select(NewPathSet([]string{"z"}), NewPathSet([]string{"b", "a"}))); string(united) != `{"a":1,"b":2}` {
			t.Errorf("%s: two sets keep %s", value, united)
		}
	}
}

func TestDeepNesting(t *testing.T) {
	for _, odd := range []string{"", `"x.y":1,`} {
		for depth, want := range map[int]bool{0: true, maxNesting - 1: true, maxNesting: false, 1_000_000: false} {
			value := `{` + odd + `"a":` + strings.Repeat("[", depth) + `{"b":1}` + strings.Repeat("]", depth) + `}`
			document, path := documentOf([]byte(value)), NewPath("a.b")
			if got := len(document.Find(&path)) == 1; got != want {
				t.Errorf("nested %d times: got %t, want %t", depth, got, want)
			}
			pruned := document.pruned("a.b")
			if strings.Contains(string(pruned), `{"b":1}`) != want || bytes.Count(pruned, []byte("[")) != bytes.Count(pruned, []byte("]")) {
				t.Errorf("nested %d times: pruned to %s", depth, pruned)
			}
		}
	}
}

func TestUnite(t *testing.T) {
	got := unite([]PathSet{NewPathSet([]string{"b", "a"}), NewPathSet([]string{"c", "a"}), NewPathSet([]string{"b"})})
	if got != NewPathSet([]string{"a", "b", "c"}) || got.Count() != 3 || (PathSet{}).Count() != 0 {
		t.Errorf("got %q", got.Paths())
	}
}

func TestTextEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		text := make([]byte, random.IntN(40))
		for i := range text {
			text[i] = "aaaaaaaaaa\"\\!\x00\x80\xff#]"[random.IntN(18)]
		}
		from := random.IntN(len(text) + 1)
		end, escaped := textEnd(text, from)
		if wantEnd, wantEscaped := slowTextEnd(text, from); end != wantEnd || escaped != wantEscaped {
			t.Fatalf("%q from %d: got %d, %t, want %d, %t", text, from, end, escaped, wantEnd, wantEscaped)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, value := range oddValues {
		f.Add([]byte(value), "a.b", "b")
	}
	f.Add([]byte(`{"a":[{"b":{"c":1}},{"b.c":"2"}],"a.b":"x"}`), "a.b.c", "a.b")
	f.Fuzz(func(t *testing.T, value []byte, first, second string) {
		if !IsPath(first) || !IsPath(second) {
			return
		}
		object, ok := jsonpathtest.Decode(value).(map[string]any)
		document, path := documentOf(value), NewPath(first)
		for range 2 { // the second time, the schema is known
			document.Find(&path)
			if ok && jsonpathtest.IsPlain(value) {
				checkFound(t, document, object, first)
				checkFound(t, document, object, second)
			}
			document.Reset()
			document.Load(value)
		}
	})
}

func FuzzPrune(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[{"c":"d"}],"e":{}}`), "a", "b.c")
	f.Add([]byte(`{"a.b":1,"a":{"b":[[{"c":1}],2]},"a":0}`), "a.b", "a.b.c")
	f.Fuzz(func(t *testing.T, value []byte, first, second string) {
		if !IsPath(first) || !IsPath(second) {
			return
		}
		document := documentOf(value)
		pruned := document.pruned(first, second)
		object, ok := jsonpathtest.Decode(value).(map[string]any)
		if !ok || !json.Valid(value) {
			return
		}
		if !json.Valid(pruned) {
			t.Errorf("%s pruned to %s", value, pruned)
		}
		if jsonpathtest.IsPlain(value) && !repeatsName(value) {
			checkPruned(t, document, object, first, second)
		}
	})
}

// repeatsName tells whether an object may have a name twice: pruning keeps both, and the oracle knows one.
func repeatsName(value []byte) bool {
	document := documentOf(value)
	document.readScalars()
	return document.schema.irregular && repeatsNameAt(value, 0)
}

func repeatsNameAt(value []byte, at int) bool {
	if !isContainer(value, at) {
		return false
	}
	if value[at] == '{' {
		names := make(map[string]bool)
		for _, member := range membersOf(value, at) {
			if names[string(member.name)] || repeatsNameAt(value, member.at) {
				return true
			}
			names[string(member.name)] = true
		}
		return false
	}
	at, found := nextElement(value, at+1)
	for found {
		if repeatsNameAt(value, at) {
			return true
		}
		at, found = nextElement(value, skip(value, at))
	}
	return false
}

func BenchmarkPrune(b *testing.B) {
	value := []byte(nil)
	for _, other := range jsonpathtest.RealSample().Values { // the traceroute whose size comes closest to 1,000 bytes
		if bytes.Contains(other, []byte(`"type":"traceroute"`)) && distance(other) < distance(value) {
			value = other
		}
	}
	for name, paths := range map[string][]string{"Top": {"prb_id", "timestamp", "from"}, "InLists": {"prb_id", "result.hop", "result.result.from"}} {
		b.Run(name, func(b *testing.B) {
			var document Document
			set := NewPathSet(paths)
			b.ReportAllocs()
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				document.Reset()
				document.Load(value)
				document.Prune(document.Select(set))
			}
		})
	}
}

func distance(value []byte) int { return max(len(value)-1000, 1000-len(value)) }
