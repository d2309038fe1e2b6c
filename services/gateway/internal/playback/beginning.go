package playback

import (
	"context"
	"fmt"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// checkBeginning refuses a start before all that the log has in the measurement's partitions. One record that is older than the start settles it, and
// Kafka's offset for the start tells whether there is one before that; only where there is none are the records behind it looked at.
func (p *Player) checkBeginning(
	ctx context.Context, account *readlimit.Account, parts []part, measurement atlas.MeasurementID, start time.Time,
) error {
	known := earliest{complete: true}
	emptied := false
	for _, part := range parts {
		if part.progress.Low > part.first {
			return nil
		}
		emptied = emptied || part.first > 0
		if part.first == part.next {
			continue
		}
		found, err := p.beginnings.of(ctx, p.scanFor(account), part, measurement)
		if err != nil {
			return err
		}
		if !found.ofAll.After(start) {
			return nil
		}
		known = known.with(found)
	}
	switch {
	case !known.ofAll.IsZero():
		return protocol.Refuse(protocol.CodeBeforeLog, "startTime: got %s, want no earlier than %s, when the log begins%s; "+
			"older results can be replayed once `collector import --into NAME` has brought them into an archive",
			moment(start), moment(known.ofAll), known.words(measurement))
	case emptied:
		return protocol.Refuse(protocol.CodeBeforeLog, "startTime: got %s, but the log has no records of this measurement's partition any more", moment(start))
	}
	return nil
}

// earliest are the least event times in one part, or in several.
type earliest struct {
	ofAll    time.Time
	own      time.Time // of the measurement; zero if it was not met where it was looked for
	complete bool      // own is known: the measurement was met, or all was looked at
}

func (e earliest) with(other earliest) earliest {
	return earliest{ofAll: earlier(e.ofAll, other.ofAll), own: earlier(e.own, other.own), complete: e.complete && other.complete}
}

// earlier gives the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// words say what is known of the measurement, and no more than that.
func (e earliest) words(measurement atlas.MeasurementID) string {
	switch {
	case e.own.Equal(e.ofAll):
		return ""
	case !e.complete:
		return fmt.Sprintf(" with other measurements; measurement %d begins later in it", measurement)
	case e.own.IsZero():
		return fmt.Sprintf(" with other measurements; it has no record of measurement %d", measurement)
	}
	return fmt.Sprintf(" with other measurements; its first record of measurement %d is of %s", measurement, moment(e.own))
}

// beginnings remember the least event times of partitions. Kafka does not tell them: the records at the beginning of a live topic are looked at, as far as
// late ones reach, and all of an archive. So each is exact, but for results that came later than the lateness allows, and beyond the first maxLooked
// records. What was looked at once is not looked at again until retention takes it.
type beginnings struct {
	mu      sync.Mutex
	entries map[string]*beginning
}

// maxLooked bounds how many records of a partition are looked at for its beginning; it takes a second or two.
const maxLooked = 1_000_000

// beginning is that of one partition. Who looks holds the token.
type beginning struct {
	token    chan struct{}
	first    int64 // it begins at this offset
	looked   int64 // what stands before it was looked at
	complete bool
	least    time.Time
	opening  time.Time                         // of the record at first
	own      map[atlas.MeasurementID]time.Time // the least of each measurement, of the first maxRemembered that were met
}

// maxRemembered bounds of how many measurements of a partition the least time is remembered.
const maxRemembered = 10_000

func (b *beginnings) entry(part part) *beginning {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := fmt.Sprintf("%s/%d", part.topic, part.partition)
	if b.entries == nil {
		b.entries = make(map[string]*beginning)
	}
	if b.entries[key] == nil {
		b.entries[key] = &beginning{token: make(chan struct{}, 1), first: -1}
	}
	return b.entries[key]
}

// of gives the least event times of a part that has records.
func (b *beginnings) of(ctx context.Context, scan *scan, part part, measurement atlas.MeasurementID) (earliest, error) {
	entry := b.entry(part)
	select {
	case entry.token <- struct{}{}:
	case <-ctx.Done():
		return earliest{}, ctx.Err()
	}
	defer func() { <-entry.token }()
	if entry.first != part.first || entry.looked > part.next { // retention has moved on, or the topic is another one
		*entry = beginning{token: entry.token, first: part.first, looked: part.first, own: make(map[atlas.MeasurementID]time.Time)}
	}
	err := entry.look(ctx, scan, part)
	own, met := entry.own[measurement]
	whole := entry.looked >= part.next && !entry.complete && len(entry.own) < maxRemembered
	return earliest{ofAll: entry.least, own: own, complete: met || whole}, err
}

func (b *beginning) look(ctx context.Context, scan *scan, part part) (err error) {
	to := min(part.next, part.first+maxLooked)
	if b.complete || b.looked >= to {
		return nil
	}
	b.looked, err = scan.show(ctx, part, b.looked, to, func(of atlas.MeasurementID, at time.Time) bool {
		if b.least.IsZero() {
			b.opening = at
		}
		b.least = earlier(b.least, at)
		b.remember(of, at)
		b.complete = part.live && at.Sub(b.opening) >= scan.settings.Lateness
		return !b.complete
	})
	return err
}

func (b *beginning) remember(measurement atlas.MeasurementID, at time.Time) {
	if known, met := b.own[measurement]; met || len(b.own) < maxRemembered {
		b.own[measurement] = earlier(known, at)
	}
}
