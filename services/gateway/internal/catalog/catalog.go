package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
)

// Names of what a Registry reads, as metrics and log have them.
const (
	nameMeasurements = "measurements"
	nameProbes       = "probes"
	nameConnections  = "connections"
)

// Registry knows probes and measurements. Measurements, and that they have caught up, come from one goroutine at a time, and so do probes; everything else
// is for any number of goroutines at once.
type Registry struct {
	measurements *table[measurement]
	probes       *table[probe]
	connections  *connections
	changed      func(Change)
}

// Change is what became of a measurement's object. The measurements must not be changed, and the object's value not be kept.
type Change struct {
	Before *atlas.Measurement // nil: it appeared
	Now    *atlas.Measurement // nil: it was deleted, and is unknown from now on
	Object atlas.Object       // its value is empty if it was deleted, or cannot be read
}

// New makes an empty registry. changed is called for each measurement whose object appears, changes by a byte or is deleted after
// MeasurementsCaughtUp, in order, by the goroutine that applies it, when Measurement knows of it already.
func New(changed func(Change), logger *zap.Logger, registerer prometheus.Registerer) *Registry {
	metrics := newMetrics(registerer)
	measurements := newTable(nameMeasurements, parseMeasurement, notPublic, logger, metrics)
	measurements.counts = func(m *measurement) bool { return m.Public }
	measurements.room = room[measurement]{
		bytes: maxObjects * bytesOfMeasurement, size: (*measurement).size,
		brief: (*measurement).brief, abridged: metrics.abridged.WithLabelValues(nameMeasurements),
	}
	probes := newTable(nameProbes, parseProbe, nil, logger, metrics)
	probes.room = room[probe]{bytes: maxProbeBytes, size: (*probe).size}
	return &Registry{
		measurements: measurements,
		probes:       probes,
		connections:  newConnections(logger, metrics),
		changed:      changed,
	}
}

// KeepMeasurements sets how many measurements are kept, before any comes. They may take 1 KiB each on average; those that come beyond that are
// kept without their texts, and take entryOverhead each.
func (r *Registry) KeepMeasurements(most int) {
	r.measurements.most, r.measurements.room.bytes = most, int64(most)*bytesOfMeasurement
}

// ApplyMeasurements takes objects of measurements. One that cannot be read is counted and changes nothing of a measurement that is known; one that is not
// known counts as not public, to be on the safe side.
func (r *Registry) ApplyMeasurements(objects []atlas.Object) {
	r.measurements.apply(objects, func(object *atlas.Object, before, now *measurement) {
		r.changed(Change{Before: before.get(), Now: now.get(), Object: *object})
	})
}

// ApplyProbes takes objects of probes. One that cannot be read is counted and changes nothing.
func (r *Registry) ApplyProbes(objects []atlas.Object) {
	r.probes.apply(objects, func(*atlas.Object, *probe, *probe) {})
}

// ApplyConnections takes connection events, in any order and more than once: of each probe the newest of the last 24 hours counts.
func (r *Registry) ApplyConnections(records []atlas.Record) {
	r.connections.apply(records, func(id atlas.ProbeID) bool { return r.probes.get(int64(id)) != nil })
}

// ConnectionsGoOn says that the log of connection events has lost some, and goes on at an offset: at one that was before, where it was made anew.
func (r *Registry) ConnectionsGoOn(next int64) { r.connections.progress.goOn(next) }

// MeasurementsCaughtUp says that all measurements that the log had at the start have been applied.
func (r *Registry) MeasurementsCaughtUp() { r.measurements.catchUp() }

// ProbesCaughtUp says that all probes that the log had at the start have been applied.
func (r *Registry) ProbesCaughtUp() { r.probes.catchUp() }

// ConnectionsCaughtUp says that all connection events of the last 24 hours that the log had at the start have been applied.
func (r *Registry) ConnectionsCaughtUp() { r.connections.catchUp() }

// Ready is nil once all three have caught up. Until then a measurement that is not public may be taken for an unknown one.
func (r *Registry) Ready(context.Context) error {
	var missing []string
	for _, part := range []struct {
		name     string
		caughtUp bool
	}{
		{nameMeasurements, r.measurements.caughtUp.Load()},
		{nameProbes, r.probes.caughtUp.Load()},
		{nameConnections, r.connections.caughtUp.Load()},
	} {
		if !part.caughtUp {
			missing = append(missing, part.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("registry: not read to the end yet: %s", strings.Join(missing, ", "))
	}
	return nil
}

// Measurement tells what is known of a measurement. Where there was no room for all objects, one that is not known counts as not public, to be on the safe
// side: its object may say so.
func (r *Registry) Measurement(id atlas.MeasurementID) (known atlas.Measurement, isKnown bool) {
	if found := r.measurements.get(int64(id)); found != nil {
		return found.Measurement, true
	}
	if r.measurements.overflew.Load() {
		return notPublic(int64(id)).Measurement, true
	}
	return known, false
}

// MeasurementPosition tells where the object of a measurement stands in the log, if there is one. In Topic it has nothing.
func (r *Registry) MeasurementPosition(id atlas.MeasurementID) (position atlas.Position, known bool) {
	return r.measurements.position(int64(id))
}

// MeasurementsKnown tells whether all measurements that the log had at the start are known.
func (r *Registry) MeasurementsKnown() bool { return r.measurements.caughtUp.Load() }

// Count tells how many measurements are known, how many of them are public, and how many probes are known.
func (r *Registry) Count() (measurements, public, probes int) {
	return r.measurements.count(), r.measurements.countApart(), r.probes.count()
}
