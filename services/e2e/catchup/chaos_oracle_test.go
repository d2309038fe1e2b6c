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

// horizon is within how many records before it the same bytes make a record a repeat.
const horizon = 16_384

// logRecord is a record of the log that is no repeat.
type logRecord struct {
	kafkatest.Record
	sample.Fields
}

// logModel is what the log holds, by topic, in the order of offsets within each partition. It knows nothing of the code that it is held against.
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

// withoutRepeats goes by the rule as the README has it: a record is a repeat if the same bytes stand among the records of the horizon before it in its
// partition.
func withoutRepeats(records []kafkatest.Record) (first []kafkatest.Record) {
	type bytes struct {
		partition int
		value     string
	}
	stands := map[bytes]int64{}
	for _, record := range records {
		key := bytes{record.Partition, string(record.Value)}
		before, known := stands[key]
		if !known || record.Offset-before > horizon {
			first = append(first, record)
		}
		stands[key] = record.Offset
	}
	return first
}

// of gives the records of a measurement in a topic, all of which are in one partition.
func (m logModel) of(topic string, measurement int) (mine []logRecord) {
	for _, record := range m[topic] {
		if record.Measurement == measurement {
			mine = append(mine, record)
		}
	}
	return mine
}

// replay gives the records of a measurement in an interval in the order in which a replay has them: each topic puts its own in order within a window,
// then the one that is first goes first, of those of the same time that of the first topic.
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

// window is within how much of the past a replay puts late records where they belong.
const window = 10 * time.Minute

// reorder keeps each record back until one is met that is later by more than the window; the earliest goes first, and what is met when its turn is over
// goes at once.
func reorder(records []logRecord) (ordered []logRecord) {
	var kept []logRecord
	var newest time.Time
	var gone *logRecord // the greatest
	for i := range records {
		record := &records[i]
		if gone != nil && byTimeAndOffset(*record, *gone) < 0 {
			ordered = append(ordered, *record)
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, *record, byTimeAndOffset)
		kept = slices.Insert(kept, at, *record)
		if record.Time.After(newest) {
			newest = record.Time
		}
		for newest.Sub(kept[0].Time) > window {
			ordered, gone = append(ordered, kept[0]), &logRecord{Record: kept[0].Record}
			kept = kept[1:]
		}
	}
	return append(ordered, kept...)
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
