package publish

import (
	"time"

	"atlasstream/pkg/atlas"
)

// CountLate has events counted that Kafka took into a live topic and whose time is more than the lateness before the clock's when they came in. A replay
// reads a live topic no further than to the first record that is the lateness younger than its end, so it may miss those. It would miss exactly the ones
// that stand behind a record so much younger in their partition, and a collector does not know that: other collectors write there as well. But the youngest
// record of a live topic is about as old as the clock says, and never more than ten minutes ahead of it (atlas.EventTime). So the clock counts a few too
// many, where a partition has had nothing new for long, and too few only among those that are late by up to ten minutes less, behind a probe whose clock
// is fast. Archives are read to their end, and registries have no time: nothing is late there.
//
// It is called before the first Publish. Sources that bring their past in its order, as the simulator does, do without.
func (p *Publisher) CountLate(lateness time.Duration) {
	p.lateness = lateness
	for _, live := range []Destination{Results, ProbeStatus} {
		p.metrics.cameLate(live, 0) // or the first late one would not show as an increase
	}
}

// countLate counts those of an append's events that Kafka took, by what the append returned. They came in at now.
func (p *Publisher) countLate(to Destination, events []atlas.Event, now time.Time, err error) (late int) {
	if p.lateness == 0 || !to.Live {
		return 0
	}
	earliest := now.Add(-p.lateness)
	for i := range events {
		if events[i].Time.Before(earliest) && taken(err, i) {
			late++
		}
	}
	p.metrics.cameLate(to, late)
	return late
}
