package outage

import "atlasstream/pkg/atlas"

// agreeing is how many probes must have come to a time before the watermark does: so a clock or two that are fast make nobody late.
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
	place := len(w.newest)
	for i := range w.newest {
		if w.newest[i].probe == id {
			place = i
			break
		}
	}
	if place == len(w.newest) {
		place--
		if at <= w.newest[place].at {
			return
		}
	} else if at <= w.newest[place].at {
		return
	}
	for ; place > 0 && w.newest[place-1].at < at; place-- {
		w.newest[place] = w.newest[place-1]
	}
	w.newest[place] = sighting{id, at}
}

// at is the time; 0 before there were five probes.
func (w *watermark) at() instant { return w.newest[agreeing-1].at }
