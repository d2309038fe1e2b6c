package sample

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"

	"atlasstream/pkg/atlas"
)

// RealRows reads the results of a file in pkg/atlas/testdata.
func RealRows(t *testing.T, name string) [][]byte {
	t.Helper()
	file, err := os.Open("../../../pkg/atlas/testdata/" + name + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(text), []byte("\n"))
}

// Same compares results by their JSON values: clients from npm decode and encode them.
func Same(got, want [][]byte) error {
	if len(got) != len(want) {
		return fmt.Errorf("received %d results, want %d", len(got), len(want))
	}
	for i := range want {
		var gotResult, wantResult any
		if err := json.Unmarshal(got[i], &gotResult); err != nil {
			return err
		}
		if err := json.Unmarshal(want[i], &wantResult); err != nil {
			return err
		}
		if !reflect.DeepEqual(gotResult, wantResult) {
			return fmt.Errorf("result %d: got %s, want %s", i, got[i], want[i])
		}
	}
	return nil
}

// SortedEvents sorts Events by time, and keeps the order of those with the same time.
func SortedEvents(t *testing.T, file string, measurement atlas.MeasurementID) []atlas.Event {
	events := Events(t, file, measurement)
	slices.SortStableFunc(events, func(a, b atlas.Event) int { return a.Time.Compare(b.Time) })
	return events
}

// Events are the results of a measurement in a file, without repeats.
func Events(t *testing.T, file string, measurement atlas.MeasurementID) (events []atlas.Event) {
	t.Helper()
	seen := map[atlas.EventID]bool{}
	for _, row := range RealRows(t, file) {
		event, err := atlas.ParseResult(row)
		if err != nil {
			t.Fatal(err)
		}
		if event.Measurement == measurement && !seen[event.ID] {
			seen[event.ID] = true
			events = append(events, event)
		}
	}
	return events
}
