package main

import (
	"fmt"
	"sort"

	"atlasstream/pkg/atlas"
	"atlasstream/services/bench/internal/capacity"
)

const (
	// mostGateways ends the search: nobody runs more.
	mostGateways = 10_000
	// filled is how full of clients a gateway is planned: clients spread at random, so some gateways have more than the mean.
	filled = 0.9
	// firstMeasurement is that of the plan's measurements, which are numbered on from it.
	firstMeasurement = 1_000_001
)

// plan is what a load takes.
type plan struct {
	*settings
	costs    capacity.Costs
	load     capacity.Load
	gateways int    // one of which may be lost
	reason   string // why not fewer
}

func (s *settings) plan(costs capacity.Costs) (plan, error) {
	load, err := s.load()
	if err != nil {
		return plan{}, err
	}
	p := plan{settings: s, costs: costs, load: load}
	least := 1 + sort.Search(mostGateways, func(fewer int) bool { return p.lacks(fewer+1) == "" })
	if least > mostGateways {
		return plan{}, fmt.Errorf("%d gateways lack %s: each is busy with %.1f processors, and has %.0f clients", mostGateways, p.lacks(mostGateways),
			p.busyOf(mostGateways), p.Clients/mostGateways)
	}
	p.gateways, p.reason = least+1, "one is enough"
	if least > 1 {
		p.reason = fmt.Sprintf("%d would lack %s", least, p.lacks(least-1))
	}
	return p, nil
}

// lacks says what so many gateways, of which none is lost, have too little of, if anything.
func (p plan) lacks(gateways int) string {
	switch {
	case p.busyOf(gateways) > p.Processors*p.Busy:
		return "processors"
	case p.Clients/float64(gateways) > p.MaxClients*filled:
		return "room for clients"
	default:
		return ""
	}
}

// busyOf is how many processors each of so many gateways keeps busy.
func (p plan) busyOf(gateways int) float64 {
	return p.costs.Processors(capacity.WorkOf(p.load, gateways))
}

func (s *settings) load() (capacity.Load, error) {
	shares, err := capacity.SharesUpTo(s.Busiest/s.Results, s.Measurements)
	if err != nil {
		return capacity.Load{}, fmt.Errorf("busiest: %w", err)
	}
	var measurements []capacity.Measurement
	for n, share := range shares {
		clients := s.Clients * (s.Popular*share + (1-s.Popular)/float64(s.Measurements))
		measurements = append(measurements, capacity.Measurement{Number: atlas.MeasurementID(firstMeasurement + n), Share: share, Clients: clients})
	}
	return capacity.NewLoad(s.Results, s.bursts(), s.Partitions, measurements), nil
}

// bursts is how many times a second results come: each upload is one, unless a gateway cannot fetch so often.
func (s *settings) bursts() float64 { return min(s.Results/s.Upload, s.Fetches) }
