package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"testing"

	"atlasstream/pkg/atlas"
)

// realResults reads every real result that the project has, in the order of its files.
func realResults(t *testing.T) []atlas.Event {
	t.Helper()
	var events []atlas.Event
	for _, name := range []string{"dns", "http", "ntp", "ping", "sslcert", "traceroute", "wifi"} {
		for _, row := range realRows(t, name) {
			event, err := atlas.ParseResult(row)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, event)
		}
	}
	return events
}

func realRows(t *testing.T, name string) [][]byte {
	t.Helper()
	file, err := os.Open("../../pkg/atlas/testdata/" + name + ".jsonl.gz")
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

// expected is what a subscriber of each measurement must receive: its results in the order in which they were posted, identical ones once.
func expected(events []atlas.Event) map[atlas.MeasurementID][][]byte {
	seen := map[atlas.EventID]bool{}
	wanted := map[atlas.MeasurementID][][]byte{}
	for _, event := range events {
		if !seen[event.ID] {
			seen[event.ID] = true
			wanted[event.Measurement] = append(wanted[event.Measurement], event.Value)
		}
	}
	return wanted
}

// Every client receives exactly the real results of its measurements, in order, none twice, each as it was posted.
func TestRealClientsReceiveExactlyWhatIsPosted(t *testing.T) {
	events := realResults(t)
	for measurement := range expected(events) { // a repeat of what comes before would arrive before it
		last, err := atlas.ParseResult(numbered(measurement, 1))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, last)
	}
	wanted := expected(events)
	for broker, start := range brokers {
		t.Run(broker, func(t *testing.T) {
			house := openHouse(t, start(t))
			clients := map[string]*client{}
			for name, connect := range doors {
				clients[name] = connect(t, house)
				for measurement := range wanted {
					clients[name].subscribe(t, int64(measurement))
				}
			}
			for batch := events; len(batch) > 0; {
				size := min(1000, len(batch))
				lines := make([][]byte, size)
				for i := range lines {
					lines[i] = batch[i].Value
				}
				house.mustPost(t, lines...)
				batch = batch[size:]
			}
			for name, client := range clients {
				t.Run(name, func(t *testing.T) { client.expectResults(t, wanted) })
			}
		})
	}
}

// expectResults reads as many results as are wanted, and compares them by measurement: those of different measurements have no order among them.
func (c *client) expectResults(t *testing.T, wanted map[atlas.MeasurementID][][]byte) {
	t.Helper()
	count := 0
	for _, results := range wanted {
		count += len(results)
	}
	received := map[atlas.MeasurementID][][]byte{}
	for range count {
		event, payload := c.next(t)
		if event != "atlas_result" {
			t.Fatalf("heard %s %s", event, payload)
		}
		result, err := atlas.ParseResult(payload)
		if err != nil {
			t.Fatal(err)
		}
		received[result.Measurement] = append(received[result.Measurement], payload)
	}
	for measurement, results := range wanted {
		if err := sameResults(received[measurement], results); err != nil {
			t.Errorf("measurement %d: %v", measurement, err)
		}
	}
}

// sameResults compares what the results say: the clients from npm write JSON anew.
func sameResults(got, want [][]byte) error {
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
