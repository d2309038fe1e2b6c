// Command capacity says how many gateways a load takes, and what else: by what the benchmark's scenario capacity found that pieces of their work cost.
package main

import (
	"context"
	"fmt"
	"os"

	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/capacity"
)

type settings struct {
	Results      float64 `help:"Results a second of all sources." default:"15000"`
	Upload       float64 `help:"Results of an upload, which reach Kafka together." default:"100"`
	Measurements int     `help:"Measurements that they are of." default:"50000"`
	Busiest      float64 `help:"Results a second of the busiest measurement." default:"217"`
	Partitions   int     `help:"Partitions of the topic of results." default:"64"`
	Fetches      float64 `help:"Fetches of a partition that a gateway can make in a second." default:"500"`
	Replication  int     `help:"Brokers that have each result." default:"3"`
	Retention    float64 `help:"Days for which they keep it." default:"7"`

	Clients    float64 `help:"Clients of all gateways, with a subscription each." default:"100000"`
	Popular    float64 `help:"Share of the clients that want measurements in proportion to their results; each of the others wants one at random." default:"0.1"`
	Processors float64 `help:"Processors of a gateway." default:"4"`
	Busy       float64 `help:"Share of them that may be busy." default:"0.6"`
	MaxClients float64 `help:"Most clients of a gateway (its --max-clients), of which nine tenths are planned with." default:"20000"`

	Costs string `help:"File of the costs, as the benchmark's --costs writes it; those of docs/capacity.md unless given." placeholder:"FILE" type:"existingfile"`
}

// Validate refuses what no plan can be made for.
func (s *settings) Validate() error {
	for _, setting := range []struct {
		name             string
		got, least, most float64
	}{
		{"results", s.Results, 1, 1e9},
		{"upload", s.Upload, 1, 1e6},
		{"measurements", float64(s.Measurements), 1, 1e7},
		{"partitions", float64(s.Partitions), 1, 1e5},
		{"fetches", s.Fetches, 1, 1e6},
		{"replication", float64(s.Replication), 1, 1e3},
		{"retention", s.Retention, 0, 1e6},
		{"clients", s.Clients, 1, 1e9},
		{"popular", s.Popular, 0, 1},
		{"processors", s.Processors, 0.1, 1e4},
		{"busy", s.Busy, 0.01, 1},
		{"max-clients", s.MaxClients, 1, 1e9},
	} {
		if !(setting.got >= setting.least && setting.got <= setting.most) { // nor NaN
			return service.Setting(setting.name, fmt.Errorf("got %g, want %g to %g", setting.got, setting.least, setting.most))
		}
	}
	return nil
}

// Run prints the plan.
func (s *settings) Run(context.Context) error {
	costs, err := s.costs()
	if err != nil {
		return err
	}
	plan, err := s.plan(costs)
	if err != nil {
		return err
	}
	return plan.print(os.Stdout)
}

func (s *settings) costs() (capacity.Costs, error) {
	if s.Costs == "" {
		return capacity.Measured()
	}
	file, err := os.Open(s.Costs)
	if err != nil {
		return capacity.Costs{}, err
	}
	defer file.Close() //nolint:errcheck // it was read only
	return capacity.Read(file)
}

func main() {
	service.Main("capacity", "Says how many gateways a load takes, and what else.", &settings{})
}
