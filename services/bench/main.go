// Command bench compares the gateway and the collector with the least code that could do their work, and the gateway with other servers. It starts everything
// that it needs, each part as a process of its own. The README says how to read the figures.
//
// Each file calls only those below it; what is measured in one file has its rows and bars there, too:
//
//   - main.go: the settings
//   - report.go: the tables, and whether the bars were reached
//   - measure.go: what is measured in which order
//   - stalled.go: clients that do not read beside others
//   - sources.go: sources that send at a rate beside one that floods or stalls
//   - api.go, apimemory.go, abuse.go: what the read API and an attacker cost other clients
//   - capacity.go, capacityreport.go, capacitysizes.go: what one, two and four gateways take, and whether that can be predicted
//   - catchup.go, cursors.go: clients that catch up beside live ones, and what cursors cost
//   - pages.go: the web pages in Chromium
//   - ingest.go, memory.go, playback.go, recording.go, outages.go: the collector, idle connections, playbacks, the outage detector
//   - fanout.go, scenario.go: fan-out to many clients
//   - bars.go: the medians and ratios of rounds, and what a bar is
//   - servers.go, lab.go, usage.go, scrape.go, process.go, ready.go: the servers, the broker and the programs, what they take, and the channels to them
package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"atlasstream/pkg/service"
)

type settings struct {
	Scenario []string      `help:"What to measure: fan-out (A to D), idle connections (memory), writing to Kafka (collector), replays (playback), what one address may cost others (abuse), what the read API costs others (api), clients that catch up beside live ones (catchup), cursors of Engine.IO 4 clients (cursors), clients that do not read (stalled), sources that send at a rate beside one that does not (sources), what several gateways take (capacity), the outage detector (outages), the web pages in a browser (pages)." enum:"A,B,C,D,memory,collector,playback,abuse,api,catchup,cursors,stalled,sources,capacity,outages,pages" default:"A,B,C,D,memory,collector,playback,abuse,api,catchup,cursors,stalled,sources,capacity,outages,pages"`
	Servers  []string      `help:"Servers to compare in fan-out; the bars need bare and ours." enum:"bare,ours,ours-socketio,node,googollee" default:"bare,ours,node,googollee"`
	Gateway  string        `help:"Program of an earlier gateway, to compare with in turns: in fan-out, and in the scenarios catchup, cursors and stalled." placeholder:"FILE" type:"existingfile"`
	Attacks  []string      `help:"Attacks of the scenario abuse, by their names in the report; by default, all." placeholder:"NAME"`
	Pages    []string      `help:"Parts of the scenario pages." enum:"explore,map,probes,hidden,asleep,paint" default:"explore,map,probes,hidden,asleep,paint"`
	Hidden   time.Duration `help:"How long the scenario pages hides a tab." default:"10m"`
	Costs    string        `help:"File for what the scenario capacity finds that pieces of work cost, as JSON." placeholder:"FILE"`
	Rounds   int           `help:"Rounds in which everything is measured; the figures are medians." default:"3"`
	Seconds  int           `help:"Seconds that a measurement takes." default:"10"`
	Warmup   time.Duration `help:"How long load flows before a measurement begins." default:"4s" zero:""`
	Quick    bool          `help:"Run everything once for two seconds with a tenth of the load, to see that it works. The figures mean nothing."`
	Broker   string        `help:"Broker to use; auto is Apache Kafka if it is installed and the embedded broker otherwise." enum:"auto,kafka,embedded" default:"auto"`
	Out      string        `help:"File for the results as JSON." placeholder:"FILE"`
	Profile  string        `help:"Directory for CPU profiles of the gateway and the collector, one for each measurement; they cost a little." placeholder:"DIR"`
}

// Run measures and prints.
func (s *settings) Run(ctx context.Context) error {
	if s.Quick {
		s.Rounds, s.Seconds, s.Warmup = 1, 2, 4*time.Second
	}
	if s.Gateway != "" && !slices.Contains(s.Servers, earlierGateway) {
		s.Servers = append(slices.Clip(s.Servers), earlierGateway)
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
	service.Main("bench", "Compares the gateway and the collector with the least code that could do their work, and with other servers.", &settings{})
}
