package replay

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/topicrange"
)

// sliceReader is a topic in memory.
type sliceReader struct{ records []atlas.Record }

func (s *sliceReader) Next(context.Context) (*atlas.Record, error) {
	if len(s.records) == 0 {
		return nil, io.EOF
	}
	record := &s.records[0]
	s.records = s.records[1:]
	return record, nil
}

func (s *sliceReader) Ready() bool { return true }
func (s *sliceReader) Close()      {}

// topic makes records of the given event times, in seconds, at rising offsets with holes between them.
func topic(name string, seconds ...int64) []atlas.Record {
	records := make([]atlas.Record, len(seconds))
	for i, second := range seconds {
		records[i] = atlas.Record{
			Event:    atlas.Event{Time: time.Unix(second, 0), Value: make([]byte, 10)},
			Position: atlas.Position{Topic: name, Offset: int64(i)*3 + 1},
		}
	}
	return records
}

func randomTopic(random *rand.Rand, name string) []atlas.Record {
	seconds := make([]int64, random.IntN(30))
	for i := range seconds {
		seconds[i] = int64(i)*2 + random.Int64N(20)
	}
	return topic(name, seconds...)
}

func from(records []atlas.Record, offset int64) []atlas.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r atlas.Record) bool { return r.Position.Offset < offset })
}

func openTopics(topics [][]atlas.Record, interval topicrange.Interval, bounds reorder.Bounds, marks []cursor.Progress) *merged {
	m := &merged{}
	for i, records := range topics {
		m.topics = append(m.topics, newReordered(&sliceReader{from(records, marks[i].Low)}, interval, bounds, marks[i]))
	}
	return m
}

func describe(record *atlas.Record) string {
	return fmt.Sprintf("%s@%d t=%d", record.Position.Topic, record.Position.Offset, record.Time.Unix())
}

// drain delivers up to most records.
func drain(t *testing.T, m *merged, most int) (delivered []string) {
	t.Helper()
	for len(delivered) < most {
		record, err := m.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if record == nil {
			break
		}
		delivered = append(delivered, describe(record))
	}
	return delivered
}

// oracle says what a replay delivers, by the rule as it is written: of each topic, records inside the interval are kept back until one is met whose time is
// later by more than the span, or until too many bytes are kept; the earliest goes first; what is met when its turn is over goes at once. Then the topics
// are merged.
func oracle(topics [][]atlas.Record, interval topicrange.Interval, bounds reorder.Bounds) (delivered []string) {
	var sequences [][]atlas.Record
	for _, records := range topics {
		sequences = append(sequences, oracleOrder(records, interval, bounds))
	}
	for {
		best := -1
		for i, sequence := range sequences {
			if len(sequence) > 0 && (best < 0 || sequence[0].Time.Before(sequences[best][0].Time)) {
				best = i
			}
		}
		if best < 0 {
			return delivered
		}
		delivered = append(delivered, describe(&sequences[best][0]))
		sequences[best] = sequences[best][1:]
	}
}

func oracleOrder(records []atlas.Record, interval topicrange.Interval, bounds reorder.Bounds) (ordered []atlas.Record) {
	before := func(a, b atlas.Record) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return int(a.Position.Offset - b.Position.Offset)
	}
	var kept []atlas.Record
	var newest time.Time
	var greatest *atlas.Record
	release := func(until func() bool) {
		for len(kept) > 0 && !until() {
			slices.SortFunc(kept, before)
			greatest = &kept[0]
			ordered, kept = append(ordered, kept[0]), slices.Clone(kept[1:])
		}
	}
	for _, record := range records {
		if record.Time.Before(interval.Start) || record.Time.After(interval.End) {
			continue
		}
		if greatest != nil && before(record, *greatest) < 0 {
			ordered = append(ordered, record)
			continue
		}
		kept = append(kept, record)
		if record.Time.After(newest) {
			newest = record.Time
		}
		release(func() bool {
			slices.SortFunc(kept, before)
			bytes := 0
			for _, k := range kept {
				bytes += len(k.Value) + reorder.Overhead
			}
			return bytes <= bounds.Bytes && newest.Sub(kept[0].Time) <= bounds.Span
		})
	}
	release(func() bool { return false })
	return ordered
}

func randomCase(random *rand.Rand) (topics [][]atlas.Record, interval topicrange.Interval, bounds reorder.Bounds) {
	for i := range 1 + random.IntN(3) {
		topics = append(topics, randomTopic(random, string(rune('a'+i))))
	}
	start := random.Int64N(20)
	interval = topicrange.Interval{Start: time.Unix(start, 0), End: time.Unix(start+random.Int64N(70), 0)}
	return topics, interval, reorder.Bounds{Span: time.Duration(random.IntN(15)) * time.Second, Bytes: (10 + reorder.Overhead) * (1 + random.IntN(12))}
}

//notices:window-ignored,window-unbounded,run-out-of-order
func TestOrderIsTheOracles(t *testing.T) {
	for seed := range uint64(3000) {
		topics, interval, bounds := randomCase(rand.New(rand.NewPCG(seed, 1)))
		got := drain(t, openTopics(topics, interval, bounds, fromStart(topics)), 1000)
		if want := oracle(topics, interval, bounds); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got\n%q, want\n%q", seed, got, want)
		}
	}
}

func fromStart(topics [][]atlas.Record) []cursor.Progress {
	marks := make([]cursor.Progress, len(topics))
	for i := range marks {
		marks[i] = cursor.StartAt(0)
	}
	return marks
}

// Wherever a replay stops, and however often, it goes on without a gap or a repeat.
//
//notices:window-loses-earlier-records,replay-cursor-skips-next,replay-cursor-skips-window,replay-cursor-loses-progress,resume-repeats
func TestResumingFromProgress(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 2))
		topics, interval, bounds := randomCase(random)
		want := oracle(topics, interval, bounds)
		marks := fromStart(topics)
		var got []string
		for stops := 0; ; stops++ {
			m := openTopics(topics, interval, bounds, marks)
			part := drain(t, m, random.IntN(8))
			got, marks = append(got, part...), m.progress()
			if stops > 200 || len(got) >= len(want) {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: got\n%q, want\n%q", seed, got, want)
		}
	}
}

//notices:late-record-dropped
func TestLateRecordsAreCounted(t *testing.T) {
	records := topic("a", 100, 800, 150, 90)
	m := openTopics([][]atlas.Record{records}, topicrange.Interval{End: time.Unix(1000, 0)}, reorder.Bounds{Span: 10 * time.Second, Bytes: 10_000}, []cursor.Progress{cursor.StartAt(0)})
	got := drain(t, m, 10)
	want := []string{"a@1 t=100", "a@7 t=150", "a@10 t=90", "a@4 t=800"}
	if !slices.Equal(got, want) || m.topics[0].late != 1 {
		t.Errorf("got %q with %d late, want %q with 1", got, m.topics[0].late, want)
	}
}
