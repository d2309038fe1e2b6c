package subscription

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"atlasstream/pkg/atlas"
)

// oddValues have names about which shapes cannot tell, and what is easily confused with them.
var oddValues = []string{
	`{"a":{"b":1},"a":2}`, `{"a":[{"b":1,"b":2},{"b":3}]}`, `{"a.b":1,"a":{"b":2}}`, `{"a":{"\u0062":1}}`, `{"a":{"b":"\u0062"}}`, `{"":1,"a":{"":2,"b":3}}`,
	`{"a":[1,[2,{"b":3}],"4"]}`, `{ "a" : { "b" : [ "x\"b\":1" , -1 ] } , "b" : null }`, `{"b":1,"a":{"b":2}}`, `{"a":1}`, `{}`, `[]`, `7`, ``,
	`{"a-long-name-of-a-member":1,"a-long-name-of-another":{"b":2}}`,
}

// One subject sees records of all kinds one after another, as a partition's does.
func TestShapesOfManyRecords(t *testing.T) {
	sampler, subject := newSampler(), NewSubject(nil)
	for range 5000 {
		if value := pick(sampler, oddValues); sampler.IntN(3) == 0 {
			subject.Reset(&atlas.Record{Event: atlas.Event{Value: []byte(value)}})
			object, _ := decode([]byte(value)).(map[string]any)
			for _, path := range []string{"a", "a.b", "b", "a-long-name-of-another.b"} {
				checkFound(t, subject, object, path)
			}
			continue
		}
		i := sampler.record()
		subject.Reset(sampler.records[i])
		for range 3 {
			checkFound(t, subject, sampler.decoded[i], pick(sampler, sampler.paths[sampler.record()]))
		}
	}
}

func TestRealRecordsAreSeldomOdd(t *testing.T) {
	odd, subject := 0, NewSubject(nil)
	for _, record := range realRecords() {
		subject.Reset(record)
		if subject.plain.read(); subject.plain.shapes.odd {
			odd++
		}
	}
	if odd > len(realRecords())/1000 {
		t.Errorf("%d of %d", odd, len(realRecords()))
	}
}

// Names that are different in every record are not kept for ever, and are found before and after they are forgotten.
func TestShapesAreForgotten(t *testing.T) {
	subject, random := NewSubject(nil), rand.New(rand.NewPCG(1, 1))
	for i := range 3 * maxShapes {
		name := fmt.Sprintf("m%d", random.IntN(1e9))
		value := fmt.Sprintf(`{"a":{%q:%d},"b":[{%[1]q:1}]}`, name, i)
		subject.Reset(&atlas.Record{Event: atlas.Event{Value: []byte(value)}})
		checkFound(t, subject, decode([]byte(value)).(map[string]any), "a."+name)
		if subject.plain.shapes.count > maxShapes {
			t.Fatalf("%d shapes are kept", subject.plain.shapes.count)
		}
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
