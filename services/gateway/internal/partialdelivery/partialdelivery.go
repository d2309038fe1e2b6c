// Package partialdelivery remembers in which streams records were delivered to a target that did not fit in others, so that they come once in each.
package partialdelivery

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Records were delivered in some streams. The zero value has none.
type Records struct {
	deliveredIn map[atlas.Position][]atlas.Stream
}

// Has tells whether a record has been delivered in a stream.
func (r *Records) Has(record *atlas.Record, stream atlas.Stream) bool {
	//mutate:partial-delivery-repeated
	return len(r.deliveredIn) > 0 && slices.Contains(r.deliveredIn[record.Position], stream)
}

// Add notes that a record has been delivered in streams.
func (r *Records) Add(record *atlas.Record, streams []atlas.Stream) {
	if len(streams) == 0 {
		return
	}
	if r.deliveredIn == nil {
		r.deliveredIn = make(map[atlas.Position][]atlas.Stream)
	}
	r.deliveredIn[record.Position] = append(r.deliveredIn[record.Position], streams...)
}

// Forget is called when a record has been delivered in all streams.
func (r *Records) Forget(record *atlas.Record) {
	if len(r.deliveredIn) > 0 {
		delete(r.deliveredIn, record.Position)
	}
}

// ForgetAll is called when no record will be delivered again.
func (r *Records) ForgetAll() { r.deliveredIn = nil }
