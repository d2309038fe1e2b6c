package catalog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
)

// oracle keeps everything that was applied and computes the expected state from the start.
type oracle struct {
	objects map[int64][]string // of each probe in order; empty: deleted
	events  []atlas.Record
}

// status is the expected status of a probe in an enriched record, "" if the probe is unknown.
func (o *oracle) status(record *atlas.Record, now time.Time) string {
	id := int64(record.Probe)
	value := ""
	for _, put := range o.objects[id] {
		if put == "" || strings.HasSuffix(put, "}") { // else it cannot be read
			value = put
		}
	}
	if value == "" {
		return ""
	}
	said, when := 0, int64(-1)
	if _, err := fmt.Sscanf(value, `{"id":%d,"status":%d,"status_since":%d}`, new(int64), &said, &when); err != nil {
		panic(err)
	}
	events := o.events
	if record.Stream == atlas.StreamProbeStatus {
		events = append(slices.Clip(events), *record)
	}
	offset := int64(-1)
	for i, event := range events {
		own := record.Stream == atlas.StreamProbeStatus && i == len(events)-1
		at := event.Time.Unix()
		if event.Probe != record.Probe || !own && now.Sub(event.Time) > 24*time.Hour || at < when || at == when && event.Position.Offset < offset {
			continue
		}
		said, when, offset = 2, at, event.Position.Offset
		if strings.Contains(string(event.Value), `"connect"`) {
			said = 1
		}
	}
	return fmt.Sprintf(`"status_id":%d,"status_since":%d`, said, when)
}

// statusIn reads the status from an enriched record.
func statusIn(enriched []byte) string {
	_, from, found := strings.Cut(string(enriched), `"status_id":`)
	if !found {
		return ""
	}
	id, rest, _ := strings.Cut(from, ",")
	_, since, _ := strings.Cut(rest, `"status_since":`)
	since, _, _ = strings.Cut(since, ",")
	return fmt.Sprintf(`"status_id":%s,"status_since":%s`, id, since)
}

// In any order, with any repeats, before and after catching up, the status is the expected one.
func TestStatusOfAnyInterleaving(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			r, _ := newTestCatalog(t)
			expected := &oracle{objects: make(map[int64][]string)}
			play := &player{random: random, catalog: r, oracle: expected}
			for range 60 {
				play.step()
				time.Sleep(time.Duration(random.IntN(4)) * time.Hour / 2)
			}
			caughtUp(r)
			for id := int64(1); id <= 4; id++ {
				for _, record := range []atlas.Record{
					{Event: atlas.Event{Probe: atlas.ProbeID(id), Value: []byte(`{}`)}}, play.event(id),
				} {
					got, want := statusIn(r.Enrich(&record)), expected.status(&record, time.Now())
					if got != want {
						t.Fatalf("seed %d, probe %d, stream %q: got %s, want %s", seed, id, record.Stream, got, want)
					}
				}
			}
		})
	}
}

type player struct {
	random  *rand.Rand
	catalog *Catalog
	oracle  *oracle
	offset  int64
}

func (p *player) step() {
	id := 1 + p.random.Int64N(4)
	switch p.random.IntN(7) {
	case 0:
		p.put(id, "")
	case 1:
		if len(p.oracle.objects[id]) > 0 && p.catalog.probes.caughtUp.Load() { // before that only the last one is read
			p.put(id, `{"id":`)
		}
	case 2, 3:
		p.put(id, fmt.Sprintf(`{"id":%d,"status":%d,"status_since":%d}`, id, 1+p.random.IntN(3), p.past().Unix()))
	case 4, 5:
		event := p.event(id)
		p.oracle.events = append(p.oracle.events, event)
		p.catalog.ApplyConnections([]atlas.Record{event})
	default:
		p.repeat()
	}
	if p.random.IntN(20) == 0 {
		p.catalog.MarkProbesCaughtUp()
	}
}

// repeat applies events as a second reader would, some out of order.
func (p *player) repeat() {
	events := append([]atlas.Record{}, p.oracle.events...)
	p.random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	p.catalog.ApplyConnections(events[:len(events)/2])
}

func (p *player) put(id int64, value string) {
	p.oracle.objects[id] = append(p.oracle.objects[id], value)
	p.catalog.ApplyProbes([]atlas.Object{{ID: id, Value: []byte(value)}})
}

// event makes an event, often at the time of another.
func (p *player) event(id int64) atlas.Record {
	p.offset++
	event := "connect"
	if p.random.IntN(2) == 0 {
		event = "disconnect"
	}
	return connectionEvent(atlas.ProbeID(id), event, p.past(), p.offset)
}

// past is one of a few times within the last 30 hours.
func (p *player) past() time.Time {
	return time.Now().Add(-time.Duration(p.random.IntN(30)) * time.Hour).Truncate(time.Hour)
}

// Run under -race.
func TestReadersAndWritersAtOnce(t *testing.T) {
	r, _ := newTestCatalog(t)
	now := time.Now()
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for reader := range 4 {
		readers.Go(func() {
			event := connectionEvent(12, "connect", now, int64(reader))
			for {
				select {
				case <-done:
					return
				default:
					members(t, r.Enrich(&event))
					r.EnrichPast(&event)
					r.Measurement(1)
					_ = r.Ready(t.Context())
				}
			}
		})
	}
	write := func(apply func(i int), catchUp func()) {
		writers.Go(func() {
			for i := range 2000 {
				apply(i)
				if i == 1000 {
					catchUp()
				}
			}
		})
	}
	write(func(i int) {
		r.ApplyMeasurements([]atlas.Object{measurementObject(1, fmt.Sprintf(`,"participant_count":%d`, i)), deleted(2)})
	}, r.MarkMeasurementsCaughtUp)
	write(func(i int) {
		r.ApplyProbes([]atlas.Object{{ID: 12, Value: fmt.Appendf(nil, `{"id":12,"asn_v4":%d}`, i)}})
	}, r.MarkProbesCaughtUp)
	for range 2 { // the history and what comes now
		write(func(i int) {
			r.ApplyConnections([]atlas.Record{connectionEvent(12, "disconnect", now, int64(i))})
		}, r.MarkConnectionsCaughtUp)
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if got, _ := r.Measurement(1); got.Participants != 1999 {
		t.Errorf("got %+v", got)
	}
}
