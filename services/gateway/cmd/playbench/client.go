package main

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// client takes everything at once and does nothing with it.
type client struct{ records int }

func (*client) Room(context.Context) (time.Duration, error)  { return 0, nil }
func (*client) Flush()                                       {}
func (c *client) taken() (records int, late []time.Duration) { return c.records, nil }

func (c *client) Deliver(context.Context, *atlas.Record, func() *cursor.Replay) error {
	c.records++
	return nil
}

// punctual is a client that notes how late everything comes. The first record is due when a playback begins.
type punctual struct {
	client
	speed float64
	first time.Time // the event time of the first record
	began time.Time // when it came
	late  []time.Duration
}

func (p *punctual) Deliver(_ context.Context, record *atlas.Record, _ func() *cursor.Replay) error {
	now := time.Now()
	p.records++
	if p.records == 1 {
		p.first, p.began = record.Time, now
	}
	due := time.Duration(float64(record.Time.Sub(p.first)) / p.speed)
	p.late = append(p.late, now.Sub(p.began)-due)
	return nil
}

func (p *punctual) taken() (records int, late []time.Duration) { return p.records, p.late }
