package subscription

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/condition"
	"atlasstream/services/gateway/internal/cursor"
)

// longTraceroute is a result of about 4 kB.
func longTraceroute() *atlas.Record {
	value := []byte(`{"af":4,"msm_id":1,"prb_id":7,"type":"traceroute","proto":"ICMP","src_addr":"192.0.2.7","result":[`)
	for hop := range 16 {
		value = fmt.Appendf(value, `%.*s{"hop":%d,"result":[`, min(hop, 1), ",", hop)
		for reply := range 3 {
			value = fmt.Appendf(value, `%.*s{"from":"198.51.%d.%d","ttl":%d,"size":76,"rtt":%d.25,"itos":0}`, min(reply, 1), ",", hop, reply, 255-hop, hop*3+reply)
		}
		value = append(value, "]}"...)
	}
	value = append(value, `],"timestamp":1787541897}`...)
	return &atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult, Measurement: 1, Probe: 7, Type: "traceroute", Value: value}}
}

// manyFields has different sets of a hundred members, some of which the traceroute has.
func manyFields(set int) string {
	names := []string{"prb_id", "result.hop", "result.result.from"}
	for i := range maxFields - len(names) - 7 {
		names = append(names, fmt.Sprintf("result.result.member%d-%d", set, i))
	}
	for bit, name := range []string{"af", "proto", "src_addr", "timestamp", "result.result.ttl", "result.result.rtt", "result.result.size"} {
		if set>>bit&1 != 0 {
			names = append(names, name)
		}
	}
	text, _ := json.Marshal(names)
	return string(text)
}

// deliver does what a partition does with a record.
func deliver(index *Index[int], view *RecordView, record *atlas.Record) {
	view.Reset(record)
	for _, candidate := range index.Candidates(record.Measurement) {
		if projection, matches := candidate.Match(view); matches {
			view.Payload(projection)
		}
	}
}

// workOf counts the work for one record, after a view has had such a record.
func workOf(index *Index[int], record *atlas.Record) Stats {
	view := NewRecordView(nil)
	deliver(index, view, record)
	before := view.Stats()
	deliver(index, view, record)
	return view.Stats().Sub(before)
}

// However many sets of fields there are, a record is read once. Each different payload visits the members that it may keep, and subscriptions of a client
// that match in ever new combinations cause no new sets.
func TestAbuseManySetsOfFields(t *testing.T) {
	record, parts := longTraceroute(), 9+16+16*2+16*3+16*3*5
	for _, test := range []struct {
		name     string
		clients  int
		sets     int // of each client
		wants    string
		payloads int
		united   int
	}{
		{"a client of each", 250, 1, `{"msm":1,"acceptedFields":%s}`, 128, 250},
		{"one client", 1, 250, `{"msm":1,"acceptedFields":%s}`, 1, 250},
		{"one client with conditions", 1, 250, `{"msm":1,"equalsTo":{"prb_id":7},"acceptedFields":%s}`, 1, 250},
		{"one client, another probe", 1, 250, `{"msm":1,"prb":8,"acceptedFields":%s}`, 0, 0},
	} {
		var index Index[int]
		for client := range test.clients {
			for set := range test.sets {
				index.Add(client, parse(t, fmt.Sprintf(test.wants, manyFields(client+set))))
			}
		}
		work := workOf(&index, record)
		if work.Payloads != test.payloads || work.Sets != test.united || work.Parts > test.payloads*parts {
			t.Errorf("%s: got %+v, want %d payloads of %d parts at most, and %d sets", test.name, work, test.payloads, parts, test.united)
		}
		if read := work.Bytes; read > 2*len(record.Value) {
			t.Errorf("%s: %d bytes are read for a record of %d", test.name, read, len(record.Value))
		}
	}
}

// kept is the memory that a function's result takes, in bytes.
func kept(produce func() any) int {
	var before, after runtime.MemStats
	runtime.GC() // twice, as pools let go of what they have the second time only
	runtime.GC()
	runtime.ReadMemStats(&before)
	made := produce()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(made)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

// listOfTexts is a JSON list of texts of so many bytes each.
func listOfTexts(count, size int, format string) string {
	texts := make([]string, count)
	for i := range texts {
		texts[i] = fmt.Sprintf(format, size, i)
	}
	return strings.Join(texts, ",")
}

// What a subscription keeps is little more than what was sent, however it is spelled, and Size tells how much.
func TestAbuseKeptBytes(t *testing.T) {
	for name, parameters := range map[string]string{
		"short texts":   `{"msm":%d,"equalsTo":{"a":[` + listOfTexts(1000, 3, `"a%0*d"`) + `]}}`,
		"long texts":    `{"msm":%d,"equalsTo":{"a":[` + listOfTexts(400, 190, `"a%0*d"`) + `]}}`,
		"numbers":       `{"msm":%d,"equalsTo":{"a":[` + listOfTexts(1000, 3, `1%0*d`) + `]}}`,
		"one of spaces": `{"msm":%d,"equalsTo":{"a":"x` + strings.Repeat(" ", 90_000) + `"}}`,
		"fields":        `{"msm":%[1]d,"acceptedFields":["b%[1]d",` + listOfTexts(99, 90, `"a%0*d"`) + `]}`,
		"bounds":        `{"msm":%d,"lessThan":{` + listOfTexts(20, 80, `"a%0*d":1`) + `}}`,
		"a list":        `{"msm":%d,"prb":[` + listOfTexts(100, 3, `1%0*d`) + `],"limit":7}`,
		"a cursor":      `{"msm":%d,"cursor":"` + strings.Repeat("x", cursor.MaxLength) + `"}`,
		"other bytes":   `{"msm":%d,"equalsTo":{"path":"text"}` + strings.Repeat(" ", 90_000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			const many = 200 // so that what other tests leave to the garbage collector does not count
			var sent, told int
			bytes := kept(func() any {
				all := make([]*Subscription, many)
				for i := range all {
					text := fmt.Sprintf(parameters, i+1)
					all[i] = parse(t, text)
					sent, told = sent+len(text), told+all[i].Size()
				}
				return all
			})
			if most := 3*sent + many*1000; bytes > most {
				t.Errorf("%d bytes are kept of %d that came", bytes, sent)
			}
			if bytes > told*3/2+many*200 || told > bytes*3/2+many*200 {
				t.Errorf("%d bytes are kept, and %d are told", bytes, told)
			}
		})
	}
}

// Conditions that fail cause no other work than that of evaluating them.
func TestAbuseFailingConditions(t *testing.T) {
	record := longTraceroute()
	for name, parameters := range map[string]string{
		"equalsTo, a number": `{"msm":1,"equalsTo":{"result.result.rtt":%d.5}}`,
		"equalsTo, a text":   `{"msm":1,"equalsTo":{"result.result.from":"198.51.%d.x"}}`,
		"lessThan":           `{"msm":1,"lessThan":{"result.result.rtt":-%d}}`,
		"greaterTo":          `{"msm":1,"greaterTo":{"result.result.ttl":1%03d}}`,
		"passThroughPrefix":  `{"msm":1,"passThroughPrefix":"203.0.%[2]d.%[1]d/32"}`,
	} {
		var index Index[int]
		for i := range 1000 {
			text := fmt.Sprintf(parameters, i)
			if strings.Contains(parameters, "[2]") {
				text = fmt.Sprintf(parameters, i%250, i/250)
			}
			index.Add(0, parse(t, text))
		}
		if work := workOf(&index, record); work.Conditions != 1000 || work.Payloads != 0 {
			t.Errorf("%s: got %+v, want 1000 conditions that fail", name, work)
		}
	}
}

// Conditions hold for values that are sorted, as they are once many conditions ask about them, if they hold for the same values one by one.
func TestConditionsOfSortedValues(t *testing.T) {
	const many = 10
	sampler := newSampler()
	view, matched := NewRecordView(nil), 0
	for range 300 {
		record := sampler.record()
		var conditions []condition.Condition
		for len(conditions) < 4*many {
			wanted, err := Parse([]byte(asJSON(t, sampler.parameters(record))))
			if err != nil || len(wanted.Conditions) == 0 {
				continue
			}
			for range many {
				conditions = append(conditions, wanted.Conditions...)
			}
		}
		view.Reset(sampler.records[sampler.record()])
		var got []bool
		for _, condition := range conditions {
			holds := condition.Holds(&view.plain)
			got = append(got, holds)
			alone := NewRecordView(nil)
			alone.Reset(view.Record())
			if want := condition.Holds(&alone.plain); holds != want {
				t.Fatalf("%s: got %t, want %t for %s", condition.AppendKey(nil), holds, want, view.Record().Value)
			}
		}
		if slices.Contains(got, true) {
			matched++
		}
	}
	if matched < 50 {
		t.Errorf("conditions held in %d rounds: too rarely to mean anything", matched)
	}
}

// Parsing a message of the greatest length takes little more memory than the message, whatever is in it.
func TestAbuseReadingLongMessages(t *testing.T) {
	const longest = 100_000
	for name, parameters := range map[string]string{
		"numbers":          `{"msm":1,"equalsTo":{"a":[` + strings.Repeat("1,", 45_000) + `1]}}`,
		"numbers in text":  `{"msm":1,"equalsTo":{"a":"` + strings.Repeat("1 ", 45_000) + `"}}`,
		"names":            `{"msm":1,"acceptedFields":[` + strings.Repeat(`"a",`, 22_000) + `"a"]}`,
		"names in text":    `{"msm":1,"acceptedFields":"` + strings.Repeat(`a,`, 45_000) + `"}`,
		"members":          `{"msm":1,"equalsTo":{` + listOfTexts(7_000, 5, `"a%0*d":1`) + `}}`,
		"IDs":              `{"msm":[` + strings.Repeat("1,", 45_000) + `1]}`,
		"IDs in text":      `{"msm":"` + strings.Repeat("1,", 45_000) + `1"}`,
		"unknown":          `{"msm":1,` + listOfTexts(7_000, 5, `"a%0*d":1`) + `}`,
		"split names":      `{"msm":1,` + listOfTexts(5_000, 5, `"equalsTo.a%0*d":1`) + `}`,
		"nested":           strings.Repeat("[", longest),
		"nested in text":   `{"msm":1,"equalsTo":"` + strings.Repeat("[", 90_000) + `"}`,
		"digits":           `{"msm":1,"lessThan":{"a":` + strings.Repeat("1", 90_000) + `}}`,
		"a long parameter": `{"` + strings.Repeat("_", 90_000) + `":1}`,
		"a prefix":         `{"msm":1,"sourcePrefix":"` + strings.Repeat("1.", 45_000) + `/8"}`,
		"an address":       `{"msm":1,"sourceAddress":"` + strings.Repeat(":", 90_000) + `"}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const rounds = 10
		for range rounds {
			if len(parameters) > longest+100 {
				t.Fatalf("%s: %d bytes", name, len(parameters))
			}
			if wanted, err := Parse([]byte(parameters)); err == nil {
				_ = wanted.Key()
			}
		}
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) / rounds; used > 12*longest {
			t.Errorf("%s: %d bytes are used to read %d", name, used, len(parameters))
		}
	}
}
