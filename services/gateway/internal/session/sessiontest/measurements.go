package sessiontest

import (
	"runtime"
	"sync"

	"atlasstream/pkg/atlas"
)

// Measurements is a catalog of measurements: access.Measurements.
type Measurements struct {
	mu    sync.Mutex
	known map[atlas.MeasurementID]atlas.Measurement
}

// Measurement implements access.Measurements.
func (m *Measurements) Measurement(id atlas.MeasurementID) (atlas.Measurement, bool) {
	m.mu.Lock()
	measurement, known := m.known[id]
	m.mu.Unlock()
	runtime.Gosched() // so that a caller without the partition's lock acts on what is out of date
	return measurement, known
}

// Put adds or replaces a measurement.
func (m *Measurements) Put(measurement atlas.Measurement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = make(map[atlas.MeasurementID]atlas.Measurement)
	}
	m.known[measurement.ID] = measurement
}
