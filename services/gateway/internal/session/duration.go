package session

import (
	"time"

	"atlasstream/services/gateway/internal/delivery"
)

// startTimer has a subscription that has just been confirmed end when its duration is over, if it has one.
func (s *Session) startTimer(begun *delivery.Active) {
	if begun.Wanted.Duration == 0 {
		return
	}
	s.timers.Add(1)
	timer := time.AfterFunc(begun.Wanted.Duration, func() {
		defer s.timers.Done()
		s.endOver(begun)
	})
	s.set.releaseAtEnd(begun, func() {
		if timer.Stop() {
			s.timers.Done()
		}
	})
}

// endOver ends a subscription by itself, as nothing more is to come for it.
func (s *Session) endOver(ending *delivery.Active) {
	if ended, _ := ending.Source.End(ending, ending.SendOver); ended { // Flush deals with what did not fit
		delivery.Release([]*delivery.Active{ending})
	}
}
