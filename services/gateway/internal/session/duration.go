package session

import (
	"slices"
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/delivery"
)

// startTimer has a subscription that has just been confirmed, which may be one of several parts, end when its duration is over. There is none for 0.
func (s *Session) startTimer(duration time.Duration, begun ...*delivery.Active) {
	begun = slices.DeleteFunc(begun, func(active *delivery.Active) bool { return !s.set.has(active) }) // has ended already, or never began
	if duration == 0 || len(begun) == 0 {
		return
	}
	s.timers.Add(1)
	timer := time.AfterFunc(duration, func() {
		defer s.timers.Done()
		s.endOver(begun)
	})
	var running atomic.Int64
	running.Store(int64(len(begun)))
	for _, active := range begun {
		s.set.releaseAtEnd(active, func() {
			if running.Add(-1) == 0 && timer.Stop() {
				s.timers.Done()
			}
		})
	}
}

// endOver ends subscriptions by themselves, as nothing more is to come for them.
func (s *Session) endOver(ending []*delivery.Active) {
	var ended []*delivery.Active
	if len(ending) > 0 && ending[0].Group != nil {
		ending[0].Group.SetEnding()
	}
	for _, active := range ending {
		if is, _ := active.Source.End(active, active.SendOver); is { // Flush deals with what did not fit
			ended = append(ended, active)
		}
	}
	delivery.NotifyOwners(ended)
}
