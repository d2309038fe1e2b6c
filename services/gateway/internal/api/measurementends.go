package api

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// ends are the first and last records of a measurement and of its partitions.
type ends struct {
	measurement atlas.MeasurementID
	earliest    time.Time // allowed; zero: no limit
	scan        *answerscan.Scan
	parts       []*partEnds
}

// partEnds are those of one partition, which is scanned from both ends towards the middle. Times are zero if no record was found.
type partEnds struct {
	topicrange.Partition
	from, to             time.Time // of the partition's first and last records
	first, last          time.Time // of the measurement's
	earlier              time.Time // of the measurement's first record in the chunk that was scanned last from the end
	unseenFrom, unseenTo int64     // what is not scanned
}

// firstScan is how many records at each end are scanned first: enough to find a running measurement.
const firstScan = 500

// findEnds scans the partitions from both ends: first a few records, then as many as the limit allows for each.
func (a *API) findEnds(ctx context.Context, account *readlimit.Account, id atlas.MeasurementID, parts []topicrange.Partition) (*ends, error) {
	found := &ends{measurement: id, earliest: a.settings.History.earliest(time.Now()), scan: a.settings.Scans.New()}
	if err := a.skipOlder(ctx, account, parts, found.earliest); err != nil {
		return nil, err
	}
	for _, part := range parts {
		found.parts = append(found.parts, &partEnds{Partition: part, unseenFrom: part.First, unseenTo: part.Next})
	}
	for _, most := range []int64{firstScan, max(0, answerscan.MaxRecords/int64(2*len(parts))-firstScan)} {
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

// skipOlder moves the start of each partition to its first record that is not before earliest.
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

// cost returns how many records a scan reads of partitions where the measurement was not found, with most records at each end.
func (e *ends) cost(most int64) (records int64) {
	for _, part := range e.parts {
		if !part.isComplete() {
			records += min(2*most, part.unseenTo-part.unseenFrom)
		}
	}
	return records
}

// isComplete reports whether scanning more would change nothing.
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

// scanBackward scans chunks, as the log can only be read forward; each is twice as long as the one after it.
func (e *ends) scanBackward(ctx context.Context, part *partEnds, most int64) error {
	least := max(part.unseenFrom, part.unseenTo-most)
	for width := int64(firstScan); part.unseenTo > least && part.last.IsZero(); width *= 2 {
		begin, atEnd := max(least, part.unseenTo-width), part.unseenTo == part.Next
		part.earlier = time.Time{}
		next, err := e.scan.Each(ctx, part.Topic, part.Number, begin, part.unseenTo, func(id atlas.MeasurementID, at time.Time) bool {
			e.noteBackward(part, id, at, atEnd)
			return true
		})
		if err != nil || next < part.unseenTo { // the limit is reached
			return err
		}
		part.unseenTo = begin
	}
	return nil
}

// noteBackward notes a record of scanBackward.
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

// times returns the times of the measurement's first and last records, as far as they are known.
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

// overall returns the times of the measurement's first and last records in all partitions, zero if none was found, and whether they are final.
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
