package api

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
)

// fakeEvents is a log of connection events in memory.
type fakeEvents struct {
	mu       sync.Mutex
	records  []atlas.Record
	fails    error
	followed chan struct{} // is closed once it is followed
}

func (l *fakeEvents) all() []atlas.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.records
}

func (l *fakeEvents) Bounds(context.Context) (first, next int64, err error) {
	return 0, int64(len(l.all())), l.fails
}

func (l *fakeEvents) OffsetAt(_ context.Context, at time.Time) (int64, error) {
	records := l.all()
	if index := slices.IndexFunc(records, func(r atlas.Record) bool { return !r.Time.Before(at) }); index >= 0 {
		return int64(index), l.fails
	}
	return int64(len(records)), l.fails
}

func (l *fakeEvents) Events(_ context.Context, from, to int64) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		for _, record := range l.all()[from:to] {
			if !yield(record, nil) {
				return
			}
		}
	}
}

func (l *fakeEvents) Follow(_ context.Context, offset int64, attach func([]atlas.Record)) (release func(), found bool, err error) {
	attach(l.all()[offset:])
	select {
	case <-l.followed:
	default:
		close(l.followed)
	}
	return func() {}, true, nil
}

// come has probes connect or disconnect, a second after one another.
func (s *testServer) come(kind string, at time.Time, probes ...atlas.ProbeID) {
	s.events.mu.Lock()
	begin := len(s.events.records)
	for i, id := range probes {
		s.events.records = append(s.events.records, atlas.Record{
			Event: atlas.Event{
				Stream: atlas.StreamProbeStatus, Probe: id, Time: at.Add(time.Duration(i) * time.Second),
				Value: fmt.Appendf(nil, `{"event":%q,"prb_id":%d,"controller":"ctr-%d"}`, kind, id, id%8),
			},
			Position: atlas.Position{Offset: int64(begin + i)},
		})
	}
	fresh := s.events.records[begin:]
	s.events.mu.Unlock()
	s.registry.ApplyConnections(fresh)
	s.activity.Add(fresh)
	s.settings.Outages.Deliver(fresh)
}

// dutch and french are probes that knowOutage has connected.
var dutch, french = probesFrom(1000, 40), probesFrom(2000, 40)

func probesFrom(first atlas.ProbeID, count int) (ids []atlas.ProbeID) {
	for i := range count {
		ids = append(ids, first+atlas.ProbeID(i))
	}
	return ids
}

// knowOutage has the probes of a country be lost at a time, which were connected three days before, and some of them be back half an hour later.
func (s *testServer) knowOutage(at time.Time) {
	for offset, id := range slices.Concat(dutch, french) {
		country := "NL"
		if id >= french[0] {
			country = "FR"
		}
		s.registry.ApplyProbes([]atlas.Object{{
			ID: int64(id), Position: atlas.Position{Offset: int64(offset)},
			Value: fmt.Appendf(nil, `{"id":%d,"country_code":%q,"asn_v4":%d,"status":{"id":1,"since":"1999-01-01T00:00:00Z"}}`, id, country, 1136+id/1500),
		}})
	}
	s.come("connect", at.Add(-72*time.Hour), dutch...)
	s.come("connect", at.Add(-72*time.Hour), french...)
	s.activity.SetKnownSince(at.Add(-48 * time.Hour))
	s.come("connect", at.Add(-time.Minute), french[:5]...) // no events came before
	s.come("disconnect", at, dutch[:30]...)
	s.come("connect", at.Add(3*time.Minute), french[:5]...) // the burst is over
	s.come("connect", at.Add(30*time.Minute), dutch[:10]...)
}
