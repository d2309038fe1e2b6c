// Command outagebench has the outage detector, and others beside it, look for what goes wrong in simulated networks, and prints as JSON how well they did and
// what the detector took. services/bench measures it by that; it stands here because nobody but the gateway may use its detector.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/outage/score"
	"atlasstream/services/simulator"
)

type settings struct {
	Incidents string   `help:"What goes wrong: easy or hard." enum:"easy,hard" required:""`
	Probes    int      `help:"Number of probes." required:""`
	Seeds     []uint64 `help:"Seeds of the networks." required:""`
	Days      int      `help:"How many days of each network are judged." default:"7"`
}

// judged is what is printed.
type judged struct {
	Header     []string
	Rows       [][]string
	Bars       []score.Bar
	SecondsDay float64 // of CPU for a day
	Held       int64   // bytes of heap in use at most
}

// Run judges and prints.
func (s *settings) Run(context.Context) error {
	if s.Days < 1 || len(s.Seeds) == 0 {
		return errors.New("days and seeds: want one or more")
	}
	var recordings []*score.Recording
	for _, seed := range s.Seeds {
		r, err := score.Record(simulator.Config{Seed: seed, Probes: s.Probes, Incidents: simulator.Incidents(s.Incidents)}, s.Days)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		recordings = append(recordings, r)
	}
	rows := score.All(recordings)
	took := judged{Header: score.Header, Bars: score.Bars(simulator.Incidents(s.Incidents), s.Probes, rows)}
	for i := range rows {
		took.Rows = append(took.Rows, rows[i].Cells())
	}
	var cpu time.Duration
	cpu, took.Held = cost(recordings[0])
	took.SecondsDay = cpu.Seconds()
	return json.NewEncoder(os.Stdout).Encode(took)
}

func main() {
	service.Main("outagebench", "Judges the outage detector by simulated networks.", &settings{})
}
