package outage

import "atlasstream/pkg/atlas"

// agreeing is how many probes must reach a time before the watermark does, so that one or two fast clocks make no event late.
const agreeing = 5

// watermark is the time of the fifth newest event, of five probes.
type watermark struct {
	newest [agreeing]sighting // of each of these probes, the newest first
}

type sighting struct {
	probe atlas.ProbeID
	at    instant
}

func (w *watermark) take(id atlas.ProbeID, at instant) {
	index := len(w.newest)
	for i := range w.newest {
		if w.newest[i].probe == id {
			index = i
			break
		}
	}
	if index == len(w.newest) {
		index--
		if at <= w.newest[index].at {
			return
		}
	} else if at <= w.newest[index].at {
		return
	}
	for ; index > 0 && w.newest[index-1].at < at; index-- {
		w.newest[index] = w.newest[index-1]
	}
	w.newest[index] = sighting{id, at}
}

// at is the time; 0 before there were five probes.
func (w *watermark) at() instant { return w.newest[agreeing-1].at }

// eventRate tells how often events come.
type eventRate struct{ counts *hourly }

// Without any event for minSilence, and for silenceGaps times their mean distance, the source of events is at fault, not the network quiet.
const (
	minSilence  = 10 * minute
	silenceGaps = 20
)

// maxSilence is the time without an event after which the source counts as silent.
func (f *eventRate) maxSilence() instant {
	return max(minSilence, silenceGaps*wholeHours*hour/instant(max(f.counts.allDisconnects, 1)))
}

// skipSilence skips a time without any event. Nobody knows which probes were connected in it.
func (d *Detector) skipSilence(from, until instant) {
	if d.episode != nil {
		d.closeEpisode()
	}
	for _, u := range d.units {
		u.rate.advance(from, u.up)
		u.rate.skip(until)
		u.recent, u.alarm = nil, nil
	}
	for _, o := range d.outages {
		o.giveUpUnlessPlatform(d.offset)
	}
}
