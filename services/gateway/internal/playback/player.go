package playback

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/readlimit"
)

// Player makes playbacks of one log.
type Player struct {
	settings   Settings
	beginnings beginnings
	hours      hours
	scans      *readlimit.Pool
	metrics    *metrics
}

// Settings are what a Player goes by.
type Settings struct {
	Log          Log
	Measurements Measurements
	Topics       map[atlas.Stream]string // the live topic of each stream that can be played
	Window       Window
	Lateness     time.Duration // how much later than results of the same time a result still comes into a live topic
	Limits       Limits
}

// Limits bound the speed of a replay: no higher one is allowed than that at which one of them is reached on average. Real time always is.
type Limits struct {
	Results float64 // of the measurement, a second
	Scanned float64 // records of its partitions, whose ever they are, a second
}

// NewPlayer makes a Player and registers what it counts.
func NewPlayer(settings Settings, registerer prometheus.Registerer) *Player {
	//mutate:scans-at-once
	return &Player{settings: settings, metrics: newMetrics(registerer), scans: readlimit.NewPool(scansAtOnce, scansOfAddress)}
}

// Start resolves an interval of a measurement. Run plays it, and Close must be called. A *protocol.Error tells the client what it cannot have.
func (p *Player) Start(ctx context.Context, request Request) (*Replay, error) {
	if err := checkSpeed(request.Speed); err != nil {
		return nil, err
	}
	interval, err := request.interval(time.Now(), p.settings.Measurements)
	if err != nil {
		return nil, err
	}
	parts, err := p.cover(ctx, request, interval)
	if err != nil {
		return nil, err
	}
	if err := p.checkBeginning(ctx, request.Account, parts, request.Measurement, interval.Start); err != nil {
		return nil, err
	}
	parts = withRecords(parts)
	if err := checkTopics(parts); err != nil {
		return nil, err
	}
	if err := p.checkLimit(ctx, &request, interval, parts); err != nil {
		return nil, err
	}
	return p.open(ctx, request, interval, parts)
}

// open begins to read where the parts' progress is.
func (p *Player) open(ctx context.Context, request Request, interval Interval, parts []part) (*Replay, error) {
	replay := &Replay{
		measurement: request.Measurement,
		interval:    interval,
		records:     &merged{},
		schedule:    schedule{start: interval.Start, speed: request.Speed},
		metrics:     p.metrics,
	}
	for _, part := range parts {
		source, err := p.read(ctx, request, part)
		if err != nil {
			replay.Close()
			return nil, err
		}
		from := cursor.TopicPosition{Topic: part.topic, Progress: part.progress, End: part.end}
		replay.add(from, source, newOrdered(source, interval, p.settings.Window, part.progress))
	}
	return replay, nil
}

func (p *Player) read(ctx context.Context, request Request, part part) (Source, error) {
	if part.progress.Low >= part.end {
		return nothing{}, nil
	}
	return p.settings.Log.Read(ctx, part.topic, request.Measurement, part.progress.Low, part.end, request.Account)
}
