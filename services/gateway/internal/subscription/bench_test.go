package subscription

import (
	"fmt"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
)

// ofSize gives the real record of a type whose size in bytes comes closest to one.
func ofSize(recordType string, size int) *atlas.Record {
	var best *atlas.Record
	distance := func(record *atlas.Record) int { return max(len(record.Value)-size, size-len(record.Value)) }
	for _, record := range realRecords() {
		if record.Type == recordType && (best == nil || distance(record) < distance(best)) {
			best = record
		}
	}
	return best
}

// kinds has a filter of each kind that matches nothing, and so has to compare all values.
var kinds = []struct{ name, parameters, recordType string }{
	{"MsmPrb", `{"msm":1,"prb":7}`, "traceroute"},
	{"Type", `{"msm":1,"type":"dns"}`, "traceroute"},
	{"EqualsTo", `{"msm":1,"equalsTo":{"prb_id":"1 2 3"}}`, "traceroute"},
	{"EqualsToText", `{"msm":1,"equalsTo":{"proto":"a b c"}}`, "traceroute"},
	{"LessThan", `{"msm":1,"lessThan":{"timestamp":5}}`, "traceroute"},
	{"GreaterTo", `{"msm":1,"greaterTo":{"result.rt":1e9}}`, "dns"},
	{"EqualsToInLists", `{"msm":1,"equalsTo":{"result.result.ttl":777}}`, "traceroute"},
	{"LessThanInLists", `{"msm":1,"lessThan":{"result.result.rtt":-1}}`, "traceroute"},
	{"SourcePrefix", `{"msm":1,"sourcePrefix":"200/8"}`, "traceroute"},
	{"SourceAddress", `{"msm":1,"sourceAddress":"2001:db8::1"}`, "dns"},
	{"DestinationPrefix", `{"msm":1,"destinationPrefix":"250/8"}`, "traceroute"},
	{"PassThroughPrefix", `{"msm":1,"passThroughPrefix":"250/8"}`, "traceroute"},
	{"PassThroughHost", `{"msm":1,"passThroughHost":"250.1.2.3"}`, "traceroute"},
	{"Missing", `{"msm":1,"equalsTo":{"probe.country_code":"NL"}}`, "traceroute"},
}

// One subscription, and a result of 1 kB that is read for it.
func BenchmarkFilter(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) { benchmarkMatch(b, kind.recordType, kind.parameters) })
	}
}

// The same beside a subscription to one probe by equalsTo, which BenchmarkFilter has by itself: the difference is what a further filter costs.
func BenchmarkFurtherFilter(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) {
			benchmarkMatch(b, kind.recordType, `{"msm":1,"equalsTo":{"prb_id":"4 5 6"}}`, kind.parameters)
		})
	}
}

func benchmarkMatch(b *testing.B, recordType string, parameters ...string) {
	index, record, view := indexOf(b, parameters...), of1(ofSize(recordType, 1000)), NewRecordView(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(record.Value)))
	for b.Loop() {
		view.Reset(record)
		for _, candidate := range index.Candidates(1) {
			if _, matches := candidate.Match(view); matches {
				b.Fatal("matches")
			}
		}
	}
}

func of1(record *atlas.Record) *atlas.Record {
	record = &atlas.Record{Event: record.Event}
	record.Measurement = 1
	return record
}

// A thousand subscribers on one measurement, each with a filter of its own.
func BenchmarkThousandFilters(b *testing.B) {
	for _, filters := range []struct{ name, parameters string }{
		{"Prb", `{"msm":1,"prb":10%d}`},
		{"EqualsToProbe", `{"msm":1,"equalsTo":{"prb_id":%d}}`},
		{"EqualsToText", `{"msm":1,"equalsTo":{"from":"text%d"}}`},
		{"EqualsToCountry", `{"msm":1,"enrichProbes":true,"equalsTo":{"probe.country_code":"%d"}}`},
		{"GreaterTo", `{"msm":1,"greaterTo":{"timestamp":9999999%03d}}`},
		{"SourcePrefix", `{"msm":1,"sourcePrefix":"250.1.%[2]d.%[1]d/32"}`},
		{"PassThroughPrefix", `{"msm":1,"passThroughPrefix":"250.1.%[2]d.%[1]d/32"}`},
		{"OtherMembers", `{"msm":1,"equalsTo":{"member%d":1}}`},
		{"OtherMembersInLists", `{"msm":1,"equalsTo":{"result.member%d":1}}`},
	} {
		b.Run(filters.name, func(b *testing.B) {
			all := make([]string, 1000)
			for i := range all {
				if all[i] = fmt.Sprintf(filters.parameters, i); filters.name[len(filters.name)-3:] == "fix" {
					all[i] = fmt.Sprintf(filters.parameters, i%250, i/250)
				}
			}
			index, record := indexOf(b, all...), of1(ofSize("traceroute", 1000))
			view := NewRecordView(constant(`{"prb_id":17,"probe":{"country_code":"NL"}}`))
			b.ReportAllocs()
			for b.Loop() {
				view.Reset(record)
				for _, candidate := range index.Candidates(1) {
					candidate.Match(view)
				}
			}
		})
	}
}

// constant is an enricher that takes no time.
type constant []byte

func (c constant) Enrich(*atlas.Record) []byte { return c }

func BenchmarkIndexOfTenThousand(b *testing.B) {
	var index Index[int]
	wanted := parse(b, `{"msm":1}`)
	for i := range 10_000 {
		index.Add(i, wanted)
	}
	for b.Loop() {
		index.Add(-1, wanted)
		index.Remove(-1, wanted)
	}
}

func TestFiltersAllocateNothing(t *testing.T) {
	for _, kind := range kinds {
		candidate, record := indexOf(t, kind.parameters).Candidates(1)[0], of1(ofSize(kind.recordType, 1000))
		view := NewRecordView(nil)
		allocations := testing.AllocsPerRun(100, func() {
			view.Reset(record)
			candidate.Match(view)
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations", kind.name, allocations)
		}
	}
}

// Subscriptions with different sets of a hundred fields, and a traceroute of 4 kB: of one client each, or all of one client.
func BenchmarkManySetsOfFields(b *testing.B) {
	for _, sets := range []int{1, 100, 250} {
		for _, clients := range []int{1, sets} {
			b.Run(fmt.Sprintf("%d-sets-%d-clients", sets, clients), func(b *testing.B) {
				var index Index[int]
				for i := range sets {
					index.Add(i%clients, parse(b, fmt.Sprintf(`{"msm":1,"equalsTo":{"prb_id":7},"acceptedFields":%s}`, manyFields(i))))
				}
				benchmarkRecords(b, &index, longTraceroute())
			})
		}
	}
}

// A thousand conditions of a client, each of which looks at all values of a long traceroute and fails.
func BenchmarkFailingConditions(b *testing.B) {
	for name, parameters := range map[string]string{
		"Number": `{"msm":1,"equalsTo":{"result.result.rtt":%d.5}}`, "Text": `{"msm":1,"equalsTo":{"result.result.from":"198.51.%d.x"}}`,
		"LessThan": `{"msm":1,"lessThan":{"result.result.rtt":-%d}}`, "Alternatives": `{"msm":1,"equalsTo":{"result.result.from":"` + strings.Repeat("x%[1]d ", 128) + `"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			var index Index[int]
			for i := range 1000 {
				index.Add(0, parse(b, fmt.Sprintf(parameters, i)))
			}
			benchmarkRecords(b, &index, longTraceroute())
		})
	}
}

func benchmarkRecords(b *testing.B, index *Index[int], record *atlas.Record) {
	view := NewRecordView(nil)
	deliver(index, view, record)
	before := view.Stats()
	b.ReportAllocs()
	for b.Loop() {
		deliver(index, view, record)
	}
	done := view.Stats().Sub(before)
	b.ReportMetric(float64(done.Payloads)/float64(b.N), "payloads/op")
	b.ReportMetric(float64(done.Conditions)/float64(b.N), "conditions/op")
	b.ReportMetric(float64(done.Parts)/float64(b.N), "parts/op")
}
