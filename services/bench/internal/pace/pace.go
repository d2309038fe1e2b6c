// Package pace spreads work over time.
package pace

import (
	"context"
	"time"
)

// Tick is how often producers send unless told otherwise.
const Tick = 10 * time.Millisecond

// Pacer keeps an average rate: the tick after a late one catches up.
type Pacer struct {
	perSecond int
	tick      time.Duration
	begin     time.Time
	done      int
	latest    time.Duration
}

// New starts a pacer.
func New(perSecond int) *Pacer { return NewEvery(Tick, perSecond) }

// NewEvery starts a pacer whose work is called at another interval than 10 ms.
func NewEvery(tick time.Duration, perSecond int) *Pacer {
	return &Pacer{perSecond: perSecond, tick: tick, begin: time.Now()}
}

// Run calls work at each tick with the number of pieces that are due, if any, until ctx ends or work returns an error.
func (p *Pacer) Run(ctx context.Context, work func(due int) error) error {
	ticker := time.NewTicker(p.tick)
	defer ticker.Stop()
	for {
		select {
		case at := <-ticker.C:
			p.latest = max(p.latest, time.Since(at))
			if due := p.due(time.Since(p.begin)); due > 0 {
				if err := work(due); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *Pacer) due(elapsed time.Duration) int {
	due := int(elapsed.Seconds()*float64(p.perSecond)) - p.done
	p.done += due
	return due
}

// Latest is the greatest delay of a tick. If it is large, the pacer lacked processor time, and its load came in bursts.
func (p *Pacer) Latest() time.Duration { return p.latest }
