// Command bench measures the gateway and the collector against the least code that could do their work, and the gateway against other servers. It starts
// everything that it needs, each part as a process of its own. The README says how to read the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"atlasstream/pkg/service"
)

type settings struct {
	Scenario []string      `help:"What to measure: A to D are fan-out, memory is idle connections, collector is the way in, playback is the past, abuse is what one address may cost, api is what answers cost others, outages is how well they are found, pages is what they take of a browser." enum:"A,B,C,D,memory,collector,playback,abuse,api,outages,pages" default:"A,B,C,D,memory,collector,playback,abuse,api,outages,pages"`
	Servers  []string      `help:"Which servers fan out; the bars need bare and ours." enum:"bare,ours,ours-socketio,node,googollee" default:"bare,ours,node,googollee"`
	Attacks  []string      `help:"Which attacks the scenario abuse has, by their names in the report; all unless given." placeholder:"NAME"`
	Pages    []string      `help:"Which parts the scenario pages has." enum:"explore,map,probes,hidden,asleep,paint" default:"explore,map,probes,hidden,asleep,paint"`
	Hidden   time.Duration `help:"How long the scenario pages has a tab hidden." default:"10m"`
	Rounds   int           `help:"How often everything is measured, in turns; the figures are medians." default:"3"`
	Seconds  int           `help:"How long a measurement takes." default:"10"`
	Warmup   time.Duration `help:"How long load flows before a measurement." default:"4s"`
	Quick    bool          `help:"A tenth of the load, once, for two seconds: to see that all runs. The figures mean nothing."`
	Broker   string        `help:"Apache Kafka, the embedded broker, or whichever there is." enum:"auto,kafka,embedded" default:"auto"`
	Out      string        `help:"File for the results as JSON." placeholder:"FILE"`
	Profile  string        `help:"Directory for profiles of the gateway and the collector, one a measurement; taking them costs a little." placeholder:"DIR"`
}

// Validate joins every fault of the settings.
func (s *settings) Validate() error {
	var faults []error
	if s.Rounds < 1 {
		faults = append(faults, fmt.Errorf("rounds: got %d, want at least 1", s.Rounds))
	}
	if s.Seconds < 1 {
		faults = append(faults, fmt.Errorf("seconds: got %d, want at least 1", s.Seconds))
	}
	return errors.Join(faults...)
}

// Run measures and prints.
func (s *settings) Run(ctx context.Context) error {
	if s.Quick {
		s.Rounds, s.Seconds, s.Warmup = 1, 2, 4*time.Second
	}
	lab, err := openLab(ctx, s)
	if err != nil {
		return err
	}
	defer lab.close()
	report, err := s.measure(ctx, lab)
	report.print(os.Stdout)
	if s.Out != "" {
		err = errors.Join(err, report.write(s.Out))
	}
	return errors.Join(err, report.failure())
}

func main() {
	service.Main("bench", "Measures the gateway and the collector against the least code that could do their work.", &settings{})
}
