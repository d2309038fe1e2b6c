package gateway

import (
	"errors"
	"iter"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// readable gives the records from an offset to before another that can be read, and tells of those between them that cannot be. Read reads from an offset on.
func readable(
	from, to int64, read func(from int64) iter.Seq2[atlas.Record, error], leftOut func(*eventlog.OffsetGoneError),
) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		for goesOn := true; goesOn && from < to; {
			from, goesOn = showReadable(read(from), leftOut, yield)
		}
	}
}

// showReadable shows records up to where the log cannot be read, and gives the offset behind that, if it goes on there.
func showReadable(
	records iter.Seq2[atlas.Record, error], leftOut func(*eventlog.OffsetGoneError), yield func(atlas.Record, error) bool,
) (next int64, goesOn bool) {
	for record, err := range records {
		if gone, is := errors.AsType[*eventlog.OffsetGoneError](err); is && gone.Unreadable != nil {
			leftOut(gone)
			return gone.First, true
		}
		if !yield(record, err) {
			break
		}
	}
	return 0, false
}
