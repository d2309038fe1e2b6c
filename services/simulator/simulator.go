package simulator

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"atlasstream/pkg/atlas"
)

// DefaultProbes is the size of a network whose Config names none.
const DefaultProbes = 300

// The sizes of network that a Config may ask for. Rates are in results per second.
const (
	MaxProbes = 10_000
	MinRate   = 0.01
	MaxRate   = 100_000
)

// DeliveryDelay is the time from the start of a measurement on a probe to its result's arrival, the result's stored_timestamp. It is the same for all, so
// the order of delivery is that of event time, and long enough for the slowest traceroute. Real results take about a minute.
const DeliveryDelay = 30 * time.Second

// Config says which network to simulate. Networks with equal Configs are equal.
type Config struct {
	Seed   uint64
	Probes int     // how many; 0 is DefaultProbes
	Rate   float64 // results per second over all measurements, connection events not counted; the intervals of the measurements are scaled to meet it

	Incidents Incidents // Easy unless given
}

// Validate reports every fault of the Config.
func (c Config) Validate() error {
	var faults []error
	if c.Probes < 0 || c.Probes > MaxProbes {
		faults = append(faults, fmt.Errorf("probes: got %d, want 1 to %d, or 0 for %d", c.Probes, MaxProbes, DefaultProbes))
	}
	if !(c.Rate >= MinRate && c.Rate <= MaxRate) { // refuses NaN too
		faults = append(faults, fmt.Errorf("rate: got %v, want %v to %v results a second", c.Rate, MinRate, MaxRate))
	}
	return errors.Join(append(faults, c.Incidents.Validate())...)
}

// Event is a measurement result or a connection event.
type Event struct {
	Stream atlas.Stream
	Time   time.Time // event time: the event's timestamp, and the fraction of a second that the timestamp leaves out
	JSON   []byte    // one line, the receiver's to keep
}

// Network is a simulated network. It does not change, so any number of goroutines may use it at once.
type Network struct {
	seed         uint64
	probes       []probe
	regions      []string // those where there are probes
	servers      []rootServer
	measurements []measurement
	scenario     scenario
}

// New makes the network that cfg describes.
func New(cfg Config) (*Network, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	if cfg.Probes == 0 {
		cfg.Probes = DefaultProbes
	}
	servers, err := newRootServers()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	n := &Network{seed: cfg.Seed, servers: servers}
	n.probes = newProbes(cfg.Seed, cfg.Probes, servers)
	n.regions = regionsOf(n.probes)
	n.measurements = newMeasurements(cfg, len(n.probes))
	n.scenario = easy{n}
	if cfg.Incidents == Hard {
		n.scenario = newHard(n)
	}
	return n, nil
}

// Events returns the network's events from a time on (1970 or later), without end, in the order of event time.
func (n *Network) Events(from time.Time) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for r := newGenerator(n, sinceEpoch(from)); ; {
			if event, ok := r.nextEvent(); ok && !yield(event) {
				return
			}
		}
	}
}

// sinceEpoch is the time since 1970, which the package computes with.
func sinceEpoch(t time.Time) time.Duration { return max(t.Sub(time.Unix(0, 0)), 0) }

func timeAt(at time.Duration) time.Time { return time.Unix(0, int64(at)).UTC() }

func unixSeconds(at time.Duration) int64 { return int64(at / time.Second) }
