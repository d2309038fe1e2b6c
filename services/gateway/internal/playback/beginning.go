package playback

import (
	"context"
	"fmt"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// checkBeginning refuses a start before all that the log has in the measurement's partitions. One record that is older than the start settles it, and
// Kafka's offset for the start tells whether there is one before that; only where there is none are the records behind it looked at.
func (p *Player) checkBeginning(ctx context.Context, parts []part, start time.Time) error {
	var earliest time.Time
	emptied := false
	for _, part := range parts {
		if part.mark.Low > part.first {
			return nil
		}
		emptied = emptied || part.first > 0
		if part.first == part.next {
			continue
		}
		least, err := p.beginnings.of(ctx, p.settings, part)
		if err != nil {
			return err
		}
		if !least.After(start) {
			return nil
		}
		if earliest.IsZero() || least.Before(earliest) {
			earliest = least
		}
	}
	switch {
	case !earliest.IsZero():
		return subscription.Refuse(CodeBeforeLog, "startTime: got %s, want no earlier than %s, when the log begins", moment(start), moment(earliest))
	case emptied:
		return subscription.Refuse(CodeBeforeLog, "startTime: got %s, but the log has no records of this measurement's partition any more", moment(start))
	}
	return nil
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
	opening  time.Time // of the record at first
}

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

// of gives the least event time of a part that has records.
func (b *beginnings) of(ctx context.Context, settings Settings, part part) (time.Time, error) {
	entry := b.entry(part)
	select {
	case entry.token <- struct{}{}:
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	defer func() { <-entry.token }()
	if entry.first != part.first || entry.looked > part.next { // retention has moved on, or the topic is another one
		*entry = beginning{token: entry.token, first: part.first, looked: part.first}
	}
	err := entry.look(ctx, settings, part)
	return entry.least, err
}

func (b *beginning) look(ctx context.Context, settings Settings, part part) error {
	to := min(part.next, part.first+maxLooked)
	if b.complete || b.looked >= to {
		return nil
	}
	err := settings.Log.Scan(ctx, part.topic, part.partition, b.looked, to, func(_ atlas.MeasurementID, at time.Time) bool {
		if b.least.IsZero() {
			b.opening, b.least = at, at
		}
		if at.Before(b.least) {
			b.least = at
		}
		b.complete = part.live && at.Sub(b.opening) >= settings.Lateness
		return !b.complete
	})
	if err == nil {
		b.looked = to
	}
	return err
}
