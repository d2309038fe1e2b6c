package main

import (
	"cmp"
	"strings"
	"time"

	"atlasstream/services/bench/internal/pace"
	"atlasstream/services/bench/internal/payload"
)

// scenario is a way of fanning out.
type scenario struct {
	Name         string
	Clients      int
	Measurements int     // shared out among the clients, and among the results
	First        int     // the number of the first of them; 1 if it is 0
	Rate         int     // results a second, over all measurements
	Bursts       int     // times a second that results are sent; 100 if it is 0
	Uneven       bool    // results' measurements differ in rate as Zipf's law has it
	Hops         int     // of the results, which are traceroutes then; 0 for those of payload.Rows
	Cursors      bool    // each message carries a cursor; only our servers can do that
	Filtered     bool    // each client has a filter of its own, which one result in payload.Turns passes; only our servers can do that
	MostCPU      float64 // the bar: our CPU time for a delivery, in times of the bare loop's
	MostCores    float64 // the bar: processors that ours keeps busy
}

var scenarios = []scenario{
	{Name: "A", Clients: 1000, Measurements: 1, Rate: 40, MostCPU: 1.15},
	{Name: "B", Clients: 50, Measurements: 1, Rate: 1000, MostCPU: 0.5},
	{Name: "C", Clients: 1000, Measurements: 1000, Rate: 5000, MostCPU: 1.15},
	{Name: "D", Clients: 1000, Measurements: 1, Rate: 100, Filtered: true, MostCores: 1},
}

const (
	partitions      = 64
	idleConnections = 5000
	realNetworkRate = 15000 // results a second
)

func (s scenario) bursts() int { return cmp.Or(s.Bursts, int(time.Second/pace.Tick)) }

func (s scenario) first() int { return cmp.Or(s.First, 1) }

// deliveries is how many times so many results are delivered.
func (s scenario) deliveries(results int) int {
	all := results * s.Clients / s.Measurements
	if s.Filtered {
		return all / payload.Turns
	}
	return all
}

// servedBy tells whether a server can do what the scenario asks for.
func (s scenario) servedBy(server string) bool {
	return !s.Filtered || server == earlierGateway || strings.HasPrefix(server, "ours")
}
