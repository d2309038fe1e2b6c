package catchup

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/sample"
)

// horizon is how many records back the same bytes make a record a repeat.
const horizon = 16_384

// logRecord is a record of the log that is no repeat.
type logRecord struct {
	kafkatest.Record
	sample.Fields
}

// logModel has the records of the log by topic, in the order of offsets within each partition. It shares no code with what it checks.
type logModel map[string][]logRecord

// readLog reads whole topics.
func readLog(t *testing.T, kafka *kafkatest.Plain, topics ...string) logModel {
	t.Helper()
	model := logModel{}
	for _, topic := range topics {
		for _, record := range withoutRepeats(kafka.Read(t, topic)) {
			found := logRecord{Record: record}
			if err := json.Unmarshal(record.Value, &found.Fields); err != nil {
				t.Fatalf("%s@%d of %s: %v", record.Value, record.Offset, topic, err)
			}
			model[topic] = append(model[topic], found)
		}
	}
	return model
}

// withoutRepeats applies the rule of the README: a record is a repeat if one of the records of the horizon before it in its partition has the same bytes.
func withoutRepeats(records []kafkatest.Record) (first []kafkatest.Record) {
	type bytes struct {
		partition int
		value     string
	}
	latest := map[bytes]int64{}
	for _, record := range records {
		key := bytes{record.Partition, string(record.Value)}
		before, known := latest[key]
		if !known || record.Offset-before > horizon {
			first = append(first, record)
		}
		latest[key] = record.Offset
	}
	return first
}

// of returns the records of a measurement in a topic. They are in one partition.
func (m logModel) of(topic string, measurement int) (mine []logRecord) {
	for _, record := range m[topic] {
		if record.Measurement == measurement {
			mine = append(mine, record)
		}
	}
	return mine
}

// replay returns the records of a measurement in an interval in the order of a replay: those of each topic are reordered within the window, and then merged by
// time. Of those with the same time, that of the first topic comes first.
func (m logModel) replay(measurement int, start, end time.Time) (played []logRecord) {
	topics := make([]string, 0, len(m))
	for topic := range m {
		topics = append(topics, topic)
	}
	slices.Sort(topics)
	var sequences [][]logRecord
	for _, topic := range topics {
		sequences = append(sequences, reorder(slices.DeleteFunc(m.of(topic, measurement), func(record logRecord) bool {
			return record.Time.Before(start) || record.Time.After(end)
		})))
	}
	return mergeByTime(sequences)
}

// window is how late a record may be to be put into its place by a replay.
const window = 10 * time.Minute

// reorder holds each record until another is later by more than the window, and releases the earliest first. A record that is later than the window allows is
// released at once.
func reorder(records []logRecord) (ordered []logRecord) {
	var held []logRecord
	var newest time.Time
	var released *logRecord // the latest
	for i := range records {
		record := &records[i]
		if released != nil && byTimeAndOffset(*record, *released) < 0 {
			ordered = append(ordered, *record)
			continue
		}
		at, _ := slices.BinarySearchFunc(held, *record, byTimeAndOffset)
		held = slices.Insert(held, at, *record)
		if record.Time.After(newest) {
			newest = record.Time
		}
		for newest.Sub(held[0].Time) > window {
			ordered, released = append(ordered, held[0]), &logRecord{Record: held[0].Record}
			held = held[1:]
		}
	}
	return append(ordered, held...)
}

func byTimeAndOffset(a, b logRecord) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Offset, b.Offset))
}

func mergeByTime(sequences [][]logRecord) (merged []logRecord) {
	for {
		first := -1
		for i, sequence := range sequences {
			if len(sequence) > 0 && (first < 0 || sequence[0].Time.Before(sequences[first][0].Time)) {
				first = i
			}
		}
		if first < 0 {
			return merged
		}
		merged = append(merged, sequences[first][0])
		sequences[first] = sequences[first][1:]
	}
}
