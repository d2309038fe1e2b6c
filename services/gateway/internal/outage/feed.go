package outage

// feed is how often events come.
type feed struct{ counts *hourly }

// Without any event for as long as this, and for so many times their mean distance, the feed is silent: it is its trouble, and not a quiet network.
const (
	leastSilence = 10 * minute
	manyGaps     = 20
)

// patience is the time without an event after which the feed counts as silent.
func (f *feed) patience() instant {
	return max(leastSilence, manyGaps*wholeHours*hour/instant(max(f.counts.allDisconnects, 1)))
}

// silence leaves a time out in which there was no event at all. What happened in it is not known: whoever was connected, lost or came back.
func (d *Detector) silence(from, until instant) {
	if d.episode != nil {
		d.settle()
	}
	for _, u := range d.units {
		u.rate.advance(from, u.up)
		u.rate.skip(until)
		u.recent, u.alarm = nil, nil
	}
	for _, o := range d.outages {
		o.loseSight(d.offset)
	}
}
