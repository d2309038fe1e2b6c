package outage

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// lab is a small network with a Detector: so many probes of each country, spread over two ASNs of it and over eight controllers. Each of them is away once in
// the first day, so that rates are known. Five more probes do nothing but move the watermark.
type lab struct {
	t        *testing.T
	probes   map[atlas.ProbeID]ProbeInfo
	of       map[string][]atlas.ProbeID // by country
	registry *Registry
	detector *Detector
	mark     watermark
	offset   int64
}

const (
	labStart       = 490_000 * hour // the Detector's; a day later it has learnt the rates
	labDay         = labStart + day
	labControllers = 8
	clocks         = 1_000_000 // the first probe that moves the watermark
)

type labCountry struct {
	name   string
	probes int
	asn    int64 // of the first half, and one more that of the second
	cell   Cell
}

var labCountries = []labCountry{
	{"NL", 40, 1136, CellAt(52.4, 4.9)},
	{"BE", 20, 5432, CellAt(50.8, 4.3)},
	{"LU", 6, 6661, CellAt(49.6, 6.1)},
	{"DE", 80, 3209, CellAt(50.1, 8.7)},
	{"US", 160, 7018, CellAt(39, -77)},
	{"AD", 4, 6752, CellAt(42.5, 1.5)},
}

func newLab(t *testing.T, countries ...labCountry) *lab {
	t.Helper()
	l := &lab{t: t, probes: map[atlas.ProbeID]ProbeInfo{}, of: map[string][]atlas.ProbeID{}, offset: 1000}
	for i, c := range append(slices.Clone(labCountries), countries...) {
		for n := range c.probes {
			id := atlas.ProbeID(1000*(i+1) + n)
			l.probes[id] = ProbeInfo{Country: c.name, ASN: c.asn + int64(2*n/c.probes), Cell: c.cell, Connected: true}
			l.of[c.name] = append(l.of[c.name], id)
		}
	}
	for n := range agreeing {
		l.probes[clocks+atlas.ProbeID(n)] = ProbeInfo{Connected: true}
	}
	l.registry = NewRegistry(l.probes)
	l.detector = newDetector(l.registry, labStart, nil)
	l.learn()
	return l
}

// learn has each probe be away for two minutes, one after the other all over the world.
func (l *lab) learn() {
	ids := slices.Sorted(maps.Keys(l.probes))
	ids = ids[:len(ids)-agreeing]
	apart := (day - hour) / instant(len(ids))
	for i := range ids {
		id, at := ids[i*101%len(ids)], labStart+instant(i)*apart // 101 is prime to their number
		l.tick(at)
		l.take(at, false, id)
		l.take(at+2*minute, true, id)
	}
	l.tick(labDay - minute)
}

func controllerOf(id atlas.ProbeID) string { return fmt.Sprintf("ctr-%d", id%labControllers) }

func (l *lab) take(at instant, connected bool, ids ...atlas.ProbeID) {
	for _, id := range ids {
		l.offset++
		e := ConnectionEvent{Offset: l.offset, Time: at.time(), Probe: id, Connected: connected, Controller: controllerOf(id)}
		l.mark.take(id, at)
		l.detector.take(&e, l.mark.at())
	}
}

// lose disconnects probes one after the other, from a time on.
func (l *lab) lose(at, apart instant, ids ...atlas.ProbeID) {
	for i, id := range ids {
		l.take(at+instant(i)*apart, false, id)
	}
}

func (l *lab) findAgain(at, apart instant, ids ...atlas.ProbeID) {
	for i, id := range ids {
		l.take(at+instant(i)*apart, true, id)
	}
}

// tick moves the watermark to a time, with events on the way.
func (l *lab) tick(at instant) {
	for next := max(l.mark.at(), labStart) + 5*minute; next < at; next += 5 * minute {
		l.jump(next)
	}
	l.jump(at)
}

// jump moves the watermark to a time, with no event before.
func (l *lab) jump(at instant) {
	for n := range agreeing {
		l.take(at, true, clocks+atlas.ProbeID(n))
	}
}

// told gives the outages that are not withdrawn.
func (l *lab) told() (all []Outage) {
	for _, o := range l.detector.outages {
		if o.state != StateWithdrawn {
			all = append(all, o.report())
		}
	}
	return all
}

func (l *lab) one() Outage {
	l.t.Helper()
	all := l.told()
	if len(all) != 1 {
		l.t.Fatalf("got %d outages, want one: %s", len(all), inJSON(all))
	}
	return all[0]
}

func (l *lab) none() {
	l.t.Helper()
	if all := l.told(); len(all) > 0 {
		l.t.Fatalf("got %s, want nothing", inJSON(all))
	}
}

func (l *lab) onController(name string) (ids []atlas.ProbeID) {
	for _, c := range labCountries {
		for _, id := range l.of[c.name] {
			if controllerOf(id) == name {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func inJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func unitNames(o Outage) (names []string) {
	for _, u := range o.Units {
		names = append(names, u.Kind+" "+u.Name)
	}
	return names
}

func secondsAfter(at instant, seconds *float64) time.Duration {
	if seconds == nil {
		return -1
	}
	return instant(*seconds*1000 - float64(at)).duration()
}
