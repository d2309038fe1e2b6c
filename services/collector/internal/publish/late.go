package publish

import (
	"time"

	"atlasstream/pkg/atlas"
)

// countLate counts the late ones among the events that Kafka took, by the error of their append. They arrived at now.
func (p *Publisher) countLate(to Destination, events []atlas.Event, now time.Time, err error) (late int) {
	if p.lateness == 0 || !to.Live {
		return 0
	}
	earliest := now.Add(-p.lateness)
	for i := range events {
		if events[i].Time.Before(earliest) && isAppended(err, i) {
			late++
		}
	}
	p.metrics.countedLate(to, late)
	return late
}
