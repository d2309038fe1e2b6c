package api

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// ends are the first and the last records of a measurement, and of the partitions that it is in.
type ends struct {
	measurement atlas.MeasurementID
	earliest    time.Time // as far as this gateway goes back; zero: everything
	scan        *logscan.Scan
	parts       []*partEnds
}

// partEnds are those of one part, which is looked at from both ends towards the middle. Times are zero where no record was found.
type partEnds struct {
	topicrange.Partition
	from, to             time.Time // of the part's first and last records
	first, last          time.Time // of the measurement's
	earlier              time.Time // of the measurement's first record among those that were looked at last from the end
	unseenFrom, unseenTo int64     // what stands before looked, and from left on, was looked at
}

// firstScan is how many records are looked at first at each end of a part: a measurement that runs is found there.
const firstScan = 500

// findEnds looks at the parts from both ends, first at a few records and then at so many that there are enough for all.
func (a *API) findEnds(ctx context.Context, account *readlimit.Account, id atlas.MeasurementID, parts []topicrange.Partition) (*ends, error) {
	found := &ends{measurement: id, earliest: a.settings.History.earliest(time.Now()), scan: a.settings.Scans.New()}
	if err := a.skipOlder(ctx, account, parts, found.earliest); err != nil {
		return nil, err
	}
	for _, part := range parts {
		found.parts = append(found.parts, &partEnds{Partition: part, unseenFrom: part.First, unseenTo: part.Next})
	}
	for _, most := range []int64{firstScan, max(0, logscan.MaxRecords/int64(2*len(parts))-firstScan)} {
		cost := found.cost(most)
		if cost == 0 {
			break
		}
		if err := found.scan.Run(ctx, account, cost, func(ctx context.Context) error { return found.scanParts(ctx, most) }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// skipOlder leaves out of parts what stands before the first record that is not older than a time.
func (a *API) skipOlder(ctx context.Context, account *readlimit.Account, parts []topicrange.Partition, earliest time.Time) error {
	if earliest.IsZero() {
		return nil
	}
	if err := account.PayLookUps(ctx, len(parts)); err != nil {
		return err
	}
	for i := range parts {
		offset, err := a.settings.Log.OffsetAt(ctx, parts[i].Topic, parts[i].Number, earliest)
		if err != nil {
			return err
		}
		parts[i].First = min(max(parts[i].First, offset), parts[i].Next)
	}
	return nil
}

// cost is how many records are looked at, if so many are at each end where the measurement was not found.
func (e *ends) cost(most int64) (records int64) {
	for _, part := range e.parts {
		if !part.isComplete() {
			records += min(2*most, part.unseenTo-part.unseenFrom)
		}
	}
	return records
}

// isComplete tells whether looking at more would tell nothing else.
func (p *partEnds) isComplete() bool {
	return p.unseenFrom >= p.unseenTo || !p.first.IsZero() && !p.last.IsZero()
}

func (e *ends) scanParts(ctx context.Context, most int64) error {
	for _, part := range e.parts {
		if err := e.scanForward(ctx, part, most); err != nil {
			return err
		}
		if err := e.scanBackward(ctx, part, most); err != nil {
			return err
		}
	}
	return nil
}

func (e *ends) scanForward(ctx context.Context, part *partEnds, most int64) (err error) {
	if part.isComplete() || !part.first.IsZero() {
		return nil
	}
	to := min(part.unseenTo, part.unseenFrom+most)
	part.unseenFrom, err = e.scan.Each(ctx, part.Topic, part.Number, part.unseenFrom, to, func(id atlas.MeasurementID, at time.Time) bool {
		if at.Before(e.earliest) {
			return true
		}
		if part.from.IsZero() {
			part.from = at
		}
		if part.unseenTo == part.Next {
			part.to = at // unless there is a later one
		}
		if id == e.measurement {
			part.first = at
		}
		return id != e.measurement
	})
	return err
}

// scanBackward looks at pieces of the log, as it can be read forward only, each of which is twice as long as the one after it.
func (e *ends) scanBackward(ctx context.Context, part *partEnds, most int64) error {
	least := max(part.unseenFrom, part.unseenTo-most)
	for width := int64(firstScan); part.unseenTo > least && part.last.IsZero(); width *= 2 {
		begin, atEnd := max(least, part.unseenTo-width), part.unseenTo == part.Next
		part.earlier = time.Time{}
		next, err := e.scan.Each(ctx, part.Topic, part.Number, begin, part.unseenTo, func(id atlas.MeasurementID, at time.Time) bool {
			e.noteBackward(part, id, at, atEnd)
			return true
		})
		if err != nil || next < part.unseenTo { // nothing more may be read
			return err
		}
		part.unseenTo = begin
	}
	return nil
}

// noteBackward takes a record on the way back, which is one of the last ones at the part's end.
func (e *ends) noteBackward(part *partEnds, id atlas.MeasurementID, at time.Time, atEnd bool) {
	if at.Before(e.earliest) {
		return
	}
	if atEnd {
		part.to = at
	}
	if id != e.measurement {
		return
	}
	part.last = at
	if part.earlier.IsZero() {
		part.earlier = at
	}
}

// times tells the times of the measurement's first and last records, as far as they are known.
func (p *partEnds) times() (first, last time.Time) {
	if p.unseenFrom < p.unseenTo {
		return p.first, p.last
	}
	first, last = p.first, p.last
	if first.IsZero() {
		first = p.earlier
	}
	if last.IsZero() {
		last = p.first
	}
	return first, last
}

// overall tells the times of the measurement's first and last records in all parts, zero where none was found, and whether that is certain.
func (e *ends) overall() (first, last time.Time, complete bool) {
	complete = true
	for _, part := range e.parts {
		partFirst, partLast := part.times()
		if first.IsZero() || !partFirst.IsZero() && partFirst.Before(first) {
			first = partFirst
		}
		if partLast.After(last) {
			last = partLast
		}
		complete = complete && part.isComplete()
	}
	return first, last, complete
}
