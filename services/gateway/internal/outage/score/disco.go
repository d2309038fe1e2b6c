package score

import (
	"math"
	"slices"
	"time"

	"atlasstream/services/gateway/internal/outage"
)

// disco is the method of Disco (TMA 2017) as its authors describe it, with a level from which on a burst counts: Kleinberg's automaton on the disconnects of a
// country or an ASN in a day, in which each probe is taken to disconnect once. Areas are left out here, and so is the filter of probes that are back within
// five minutes, with which it would miss more.
type disco int

const (
	discoBase      = 2.0
	discoCost      = 0.5
	discoDay       = 24 * time.Hour
	discoProbes    = 5
	discoMostLevel = 18 // a disconnect a second
)

func (level disco) find(r *Recording) (all []Found) {
	for _, u := range unitsOf(r) {
		if u.probes < discoProbes {
			continue
		}
		for lost := u.lost; len(lost) > 0; {
			midnight := lost[0].Time.Truncate(discoDay).Add(discoDay)
			end := slices.IndexFunc(lost, func(e outage.ConnectionEvent) bool { return !e.Time.Before(midnight) })
			if end < 0 {
				end = len(lost)
			}
			all = append(all, level.ofDay(lost[:end], u.probes)...)
			lost = lost[end:]
		}
	}
	return merged(all)
}

// ofDay gives the bursts of a day that reach the level.
func (level disco) ofDay(lost []outage.ConnectionEvent, probes int) (all []Found) {
	levels := kleinberg(lost, probes)
	for i := 0; i < len(levels); i++ {
		begun := i
		for i < len(levels) && levels[i] >= int(level) {
			i++
		}
		if ids := probesOf(lost[begun : i+1]); i > begun && len(ids) >= discoProbes {
			all = append(all, Found{Kind: outage.KindOutage, Start: lost[begun].Time, Noticed: lost[i].Time, Probes: ids})
		}
	}
	return all
}

// kleinberg gives the level of each gap between disconnects: the cheapest way through the states of an automaton, each of which expects gaps half as long as
// the one below does, and to rise costs something (Bursty and Hierarchical Structure in Streams, 2002).
func kleinberg(lost []outage.ConnectionEvent, probes int) []int {
	gaps := max(0, len(lost)-1)
	rise := discoCost * math.Log(float64(max(2, probes)))
	var costs [discoMostLevel]float64
	for level := 1; level < discoMostLevel; level++ {
		costs[level] = math.Inf(1) // it begins below
	}
	came := make([][discoMostLevel]int, gaps)
	for i := range gaps {
		gap := lost[i+1].Time.Sub(lost[i].Time).Seconds()
		former := costs
		for level := range costs {
			best, from := math.Inf(1), 0
			for before, cost := range former {
				if cost += rise * float64(max(0, level-before)); cost < best {
					best, from = cost, before
				}
			}
			rate := math.Pow(discoBase, float64(level)) * float64(probes) / discoDay.Seconds()
			costs[level], came[i][level] = best+rate*gap-math.Log(rate), from
		}
	}
	return wayTo(costs, came)
}

// wayTo gives the states on the cheapest way.
func wayTo(costs [discoMostLevel]float64, came [][discoMostLevel]int) []int {
	levels := make([]int, len(came))
	level := slices.Index(costs[:], slices.Min(costs[:]))
	for i := len(came) - 1; i >= 0; i-- {
		levels[i] = level
		level = came[i][level]
	}
	return levels
}
