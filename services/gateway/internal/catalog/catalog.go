package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
)

// The parts of a Catalog, as they are named in metrics and logs.
const (
	nameMeasurements = "measurements"
	nameProbes       = "probes"
	nameConnections  = "connections"
)

// Catalog knows probes and measurements. ApplyMeasurements and MarkMeasurementsCaughtUp are called by one goroutine at a time, and so are ApplyProbes and
// MarkProbesCaughtUp; all other methods may be called from any goroutine.
type Catalog struct {
	measurements *table[measurement]
	probes       *table[encodedProbe]
	connections  *connections
	changed      func(Change)
}

// Change is a change of a measurement's object. The receiver must not modify the measurements, nor keep the object's value.
type Change struct {
	Before *atlas.Measurement // nil if it was unknown
	Now    *atlas.Measurement // nil if it was deleted, so that it is unknown now
	Object atlas.Object       // its value is empty if it was deleted or cannot be parsed
}

// New makes an empty catalog. After MarkMeasurementsCaughtUp, changed is called for each measurement whose object is added, changed by a byte or deleted: in
// order, by the goroutine that applies it, and after Measurement has the new state.
func New(changed func(Change), logger *zap.Logger, registerer prometheus.Registerer) *Catalog {
	metrics := newMetrics(registerer)
	measurements := newTable(nameMeasurements, parseMeasurement, notPublic, logger, metrics)
	measurements.countIf = func(m *measurement) bool { return m.Public }
	measurements.memory = memoryLimit[measurement]{
		bytes: maxObjects * measurementBytes, size: (*measurement).size,
		brief: (*measurement).brief, abridged: metrics.abridged.WithLabelValues(nameMeasurements),
	}
	probes := newTable(nameProbes, parseProbe, nil, logger, metrics)
	probes.memory = memoryLimit[encodedProbe]{bytes: maxProbeBytes, size: (*encodedProbe).size}
	return &Catalog{
		measurements: measurements,
		probes:       probes,
		connections:  newConnections(logger, metrics),
		changed:      changed,
	}
}

// LimitMeasurements sets how many measurements are kept. It is called before any is applied. They may take measurementBytes each on average; beyond that
// they are kept without their texts, and take objectOverhead each.
func (c *Catalog) LimitMeasurements(most int) {
	c.measurements.maxEntries, c.measurements.memory.bytes = most, int64(most)*measurementBytes
}

// ApplyMeasurements applies objects of measurements. One that cannot be parsed is counted: a known measurement stays as it is, an unknown one is taken for
// not public, to be on the safe side.
func (c *Catalog) ApplyMeasurements(objects []atlas.Object) {
	c.measurements.apply(objects, func(object *atlas.Object, before, now *measurement) {
		c.changed(Change{Before: before.get(), Now: now.get(), Object: *object})
	})
}

// ApplyProbes applies objects of probes. One that cannot be parsed is counted and changes nothing.
func (c *Catalog) ApplyProbes(objects []atlas.Object) {
	c.probes.apply(objects, func(*atlas.Object, *encodedProbe, *encodedProbe) {})
}

// ApplyConnections applies connection events, in any order and more than once: of each probe the newest within EventMaxAge counts.
func (c *Catalog) ApplyConnections(records []atlas.Record) {
	c.connections.apply(records, func(id atlas.ProbeID) bool { return c.probes.get(int64(id)) != nil })
}

// ResetConnections is called when the log of connection events has lost some and continues at next, which is lower than before if the topic was recreated.
func (c *Catalog) ResetConnections(next int64) { c.connections.progress.reset(next) }

// MarkMeasurementsCaughtUp is called when all measurements that the log had at the start are applied.
func (c *Catalog) MarkMeasurementsCaughtUp() { c.measurements.catchUp() }

// MarkProbesCaughtUp is called when all probes that the log had at the start are applied.
func (c *Catalog) MarkProbesCaughtUp() { c.probes.catchUp() }

// MarkConnectionsCaughtUp is called when all connection events within EventMaxAge that the log had at the start are applied.
func (c *Catalog) MarkConnectionsCaughtUp() { c.connections.catchUp() }

// Ready returns nil once all three parts have caught up. Until then a measurement that is not public may be taken for an unknown one.
func (c *Catalog) Ready(context.Context) error {
	var missing []string
	for _, part := range []struct {
		name     string
		caughtUp bool
	}{
		{nameMeasurements, c.measurements.caughtUp.Load()},
		{nameProbes, c.probes.caughtUp.Load()},
		{nameConnections, c.connections.caughtUp.Load()},
	} {
		if !part.caughtUp {
			missing = append(missing, part.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("catalog: still being read: %s", strings.Join(missing, ", "))
	}
	return nil
}

// Measurement returns what is known of a measurement. If objects were rejected because the catalog was full, an unknown measurement is taken for not public,
// to be on the safe side: its object may say so.
func (c *Catalog) Measurement(id atlas.MeasurementID) (known atlas.Measurement, isKnown bool) {
	if found := c.measurements.get(int64(id)); found != nil {
		return found.Measurement, true
	}
	if c.measurements.overflowed.Load() {
		return notPublic(int64(id)).Measurement, true
	}
	return known, false
}

// MeasurementPosition returns the position of a measurement's object in the log, if there is one. Its Topic is empty.
func (c *Catalog) MeasurementPosition(id atlas.MeasurementID) (position atlas.Position, known bool) {
	return c.measurements.position(int64(id))
}

// MeasurementsKnown reports whether all measurements that the log had at the start are known.
func (c *Catalog) MeasurementsKnown() bool { return c.measurements.caughtUp.Load() }

// Count returns how many measurements are known, how many of them are public, and how many probes are known.
func (c *Catalog) Count() (measurements, public, probes int) {
	return c.measurements.count(), c.measurements.countMatching(), c.probes.count()
}
