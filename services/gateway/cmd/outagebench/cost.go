package main

import (
	"iter"
	"runtime"
	"slices"
	"time"

	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/outage/score"
)

// cost gives the processor time that a gateway's detector takes for a day, and the most heap that it has at the end of one.
func cost(r *score.Recording) (cpuOfDay time.Duration, held int64) {
	before, days := footprint.Heap(), outage.NewDays(outage.NewRegistry(r.Probes), outage.DayOf(r.From))
	judged := 0
	for day, events := range byDay(r.Events) {
		began := footprint.CPU()
		for _, event := range events {
			days.Take(event)
		}
		if day >= outage.DayOf(r.From) && day < outage.DayOf(r.Until) { // what it learns before does not count
			judged++
			cpuOfDay += footprint.CPU() - began
			held = max(held, footprint.Heap()-before)
		}
	}
	runtime.KeepAlive(days)
	return cpuOfDay / time.Duration(max(1, judged)), held
}

func byDay(events []outage.ConnectionEvent) iter.Seq2[outage.Day, []outage.ConnectionEvent] {
	return func(yield func(outage.Day, []outage.ConnectionEvent) bool) {
		for len(events) > 0 {
			day := outage.DayOf(events[0].Time)
			end := slices.IndexFunc(events, func(e outage.ConnectionEvent) bool { return outage.DayOf(e.Time) != day })
			if end < 0 {
				end = len(events)
			}
			if !yield(day, events[:end]) {
				return
			}
			events = events[end:]
		}
	}
}
