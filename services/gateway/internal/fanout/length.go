package fanout

import (
	"maps"

	"atlasstream/pkg/atlas"
)

const (
	// usualLength is how many bytes the records of a measurement are taken to have as long as few have come.
	usualLength = 4 << 10
	// usualRecords is how many records that counts for.
	usualRecords = 16
	// recentRecords is over how many the length is averaged: one long record among short ones shall end nobody's subscription.
	recentRecords = 256
	// maxLengths is of how many measurements a partition remembers how long records are when nobody asks for them any more: who comes back shall not be charged
	// for usual ones.
	maxLengths = 1024
)

// length is how many bytes the records of a measurement have.
type length struct {
	mean        float64
	records     int // that it stands for
	charged     int // by which memberships have been charged: it follows the mean when that has moved by a quarter
	memberships int // that are charged by it
}

func newLength() *length {
	return &length{mean: usualLength, records: usualRecords, charged: usualLength}
}

// note takes a record in, and tells whether the memberships cost more now than they have been charged for.
func (l *length) note(bytes int) (grown bool) {
	l.records = min(l.records+1, recentRecords)
	l.mean += (float64(bytes) - l.mean) / float64(l.records)
	const less, more = 0.8, 1.25
	if moved := l.mean / float64(l.charged); moved > less && moved < more {
		return false
	}
	before := l.charged
	l.charged = max(1, int(l.mean))
	return l.charged > before
}

// learn begins to take notice of how long the records of a measurement are.
func (p *partition) learn(measurement atlas.MeasurementID) {
	if p.lengths[measurement] != nil {
		return
	}
	if len(p.lengths) >= maxLengths {
		maps.DeleteFunc(p.lengths, func(_ atlas.MeasurementID, l *length) bool { return l.memberships == 0 })
	}
	p.lengths[measurement] = newLength()
}

// weigh notes how long a record is.
func (p *partition) weigh(record *atlas.Record) {
	measurement := record.Measurement
	if record.Stream == atlas.StreamMetadata {
		measurement = 0
	}
	if known := p.lengths[measurement]; known != nil && known.note(len(record.Value)) {
		p.relieve(measurement)
	}
}
