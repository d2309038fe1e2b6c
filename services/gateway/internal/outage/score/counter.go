package score

import (
	"time"

	"atlasstream/services/gateway/internal/outage"
)

// counter is the least that anybody would try: an incident is so many probes of a unit, and such a share of them, within five minutes.
type counter struct {
	least int
	share float64
}

const counted = 5 * time.Minute

func (c counter) find(r *Recording) (all []Found) {
	for _, u := range unitsOf(r) {
		all = append(all, c.findIn(u)...)
	}
	return merged(all)
}

func (c counter) findIn(u *unit) (all []Found) {
	first, begun, noticed := 0, -1, time.Time{}
	end := func(at int) {
		if begun >= 0 {
			all = append(all, Found{Kind: outage.KindOutage, Start: u.lost[begun].Time, Noticed: noticed, Probes: probesOf(u.lost[begun:at])})
		}
		begun = -1
	}
	for i := range u.lost {
		for u.lost[i].Time.Sub(u.lost[first].Time) > counted {
			first++
		}
		probes := len(probesOf(u.lost[first : i+1]))
		switch many := probes >= c.least && float64(probes) >= c.share*float64(u.probes); {
		case many && begun < 0:
			begun, noticed = first, u.lost[i].Time
		case !many:
			end(i)
		}
	}
	end(len(u.lost))
	return all
}
