package outage_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"

	"atlasstream/services/gateway/internal/outage/score"
	"atlasstream/services/simulator"
)

// A week of one seed, whose results were not known when the detector was made. make bench has the others, and larger networks.
func TestScore(t *testing.T) {
	for _, incidents := range []simulator.Incidents{simulator.Easy, simulator.Hard} {
		const probes = 1000
		recording, err := score.Record(simulator.Config{Seed: 5, Probes: probes, Incidents: incidents}, 7)
		if err != nil {
			t.Fatal(err)
		}
		rows := score.All([]*score.Recording{recording})
		t.Logf("%s:\n%s", recording.Name, tableOf(rows))
		for _, bar := range score.Bars(incidents, probes, rows) {
			if !bar.Passed() {
				t.Errorf("%s, %s: got %.3f, want at most %.3f %s", recording.Name, bar.Name, bar.Got, bar.Most, bar.Unit)
			}
		}
	}
}

func tableOf(rows []score.Row) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(score.Header, "\t"))
	for i := range rows {
		fmt.Fprintln(table, strings.Join(rows[i].Cells(), "\t"))
	}
	table.Flush()
	return text.String()
}
