package simulator

import (
	"time"

	"atlasstream/pkg/atlas"
)

// How often a probe of the real network runs the built-in measurements.
const (
	pingStep       = 240 * time.Second
	tracerouteStep = 1800 * time.Second
	dnsStep        = 240 * time.Second
)

const (
	pingMeasurement       atlas.MeasurementID = 1001
	tracerouteMeasurement atlas.MeasurementID = 5001
)

// measurement is a periodic measurement. Its run number n starts at a random time of the n-th slot since 1970, and in as many slots as there are probes each
// of them has one run. So the rate is even, and the time of a run needs no state.
type measurement struct {
	id     atlas.MeasurementID
	kind   *kind
	seed   uint64
	server int           // index of the root server that it queries
	step   time.Duration // between the runs of a probe, give or take a slot
	slot   time.Duration
	order  []int // of the probes' runs
}

// kind is a type of measurement, and how its results are written.
type kind struct {
	name, title string // type and msm_name
	saysStep    bool
	write       func(*generator, measurementRun) // the members that other types do not have
}

var (
	pingKind       = kind{"ping", "Ping", true, (*generator).ping}
	tracerouteKind = kind{"traceroute", "Traceroute", false, (*generator).traceroute}
	dnsKind        = kind{"dns", "Tdig", false, (*generator).dns}
)

// measurementRun is a probe's run of a measurement.
type measurementRun struct {
	measurement *measurement
	number      int64
	at          time.Duration // since 1970
	probe       *probe
	route       route
	unanswered  bool // nothing comes back
}

// round is how many runs the probe had before, since 1970.
func (t measurementRun) round() int64 { return t.number / int64(len(t.measurement.order)) }

func newMeasurements(cfg Config, probes int) []measurement {
	all := []measurement{
		{id: pingMeasurement, kind: &pingKind, server: kRoot, step: pingStep},
		{id: tracerouteMeasurement, kind: &tracerouteKind, server: kRoot, step: tracerouteStep},
	}
	for i, server := range rootServers {
		all = append(all, measurement{id: server.measurement, kind: &dnsKind, server: i, step: dnsStep})
	}
	scale := realRate(all, probes) / cfg.Rate
	d := newDice()
	for i := range all {
		m := &all[i]
		d.take(cfg.Seed, aboutOrder, int64(m.id))
		m.seed, m.order = cfg.Seed, d.Perm(probes)
		m.step = time.Duration(float64(m.step) * scale)
		m.slot = m.step / time.Duration(probes)
	}
	return all
}

// realRate is how many results per second that many probes of the real network have.
func realRate(measurements []measurement, probes int) float64 {
	rate := 0.0
	for i := range measurements {
		rate += float64(probes) / measurements[i].step.Seconds()
	}
	return rate
}

// start is when a run starts.
func (m *measurement) start(number int64) time.Duration {
	return time.Duration(number)*m.slot + time.Duration(below(mix(m.seed, aboutRunStart, int64(m.id), number), int64(m.slot)))
}

// firstRun is the number of the first run that starts at from or after.
func (m *measurement) firstRun(from time.Duration) int64 {
	number := int64(from / m.slot)
	if m.start(number) < from {
		number++
	}
	return number
}

// probeIndex is the index of the run's probe.
func (m *measurement) probeIndex(number int64) int { return m.order[number%int64(len(m.order))] }

// startedThisSecond reports whether the run's probe started another run earlier in the same second, as happens if a high rate makes steps short.
func (m *measurement) startedThisSecond(t measurementRun) bool {
	last := t.number - int64(len(m.order))
	return last >= 0 && unixSeconds(m.start(last)) == unixSeconds(t.at)
}
