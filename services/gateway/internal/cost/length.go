package cost

import "atlasstream/pkg/atlas"

const (
	// usualLength is how many bytes the records of a measurement are taken to have as long as few have come.
	usualLength = 4 << 10
	// usualRecords is how many records that counts for.
	usualRecords = 16
	// recentRecords is over how many the length is averaged.
	recentRecords = 256
	// mostMoved is by which part of itself a single record moves the mean at most: one long record among short ones shall end nobody's subscription.
	mostMoved = 1.0 / 8
)

// length is how many bytes the records of a measurement have.
type length struct {
	mean    float64
	records int // over which it is taken, recentRecords at most
	charged int // by which subscriptions are charged: it follows the mean when that has moved by a quarter
}

func newLength() length {
	return length{mean: usualLength, records: usualRecords, charged: usualLength}
}

// note takes a record in, and tells whether the subscriptions cost more now than they were charged for.
func (l *length) note(bytes int) (grown bool) {
	l.records = min(l.records+1, recentRecords)
	most := mostMoved * l.mean
	l.mean += max(-most, min((float64(bytes)-l.mean)/float64(l.records), most))
	const less, more = 0.8, 1.25
	if moved := l.mean / float64(l.charged); moved > less && moved < more {
		return false
	}
	before := l.charged
	l.charged = max(1, int(l.mean))
	return l.charged > before
}

// NoteLength notes how long a record is. It gives the record's measurement if its subscriptions cost more now than they were charged, else nil.
func (t *Table) NoteLength(record *atlas.Record) (grown *Measurement) {
	measurement := record.Measurement
	if record.Stream == atlas.StreamMetadata {
		measurement = 0
	}
	if known := t.costs[measurement]; known != nil && known.length.note(len(record.Value)) {
		return known
	}
	return nil
}
