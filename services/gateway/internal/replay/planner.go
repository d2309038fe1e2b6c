package replay

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/logstart"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/topicrange"
)

// Log is what replays read.
type Log interface {
	// Open opens a reader of the records of one measurement in one topic from an offset to before another, for which an account pays while it is read. What it
	// gave is not used any more once it is closed. A *LostError, of Open or of the reader, says that the log does not have what comes next.
	Open(ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64, account *readlimit.Account) (LogReader, error)
	// EventAt gives the ID of the record at an offset, if there is one.
	EventAt(ctx context.Context, topic string, partition int, offset int64) (id atlas.EventID, found bool, err error)
}

// LogReader reads the records of one measurement in one topic, in the order of offsets and without repeats.
type LogReader interface {
	// Next gives the next record, which is the caller's then, or io.EOF behind the last one.
	Next(ctx context.Context) (*atlas.Record, error)
	// Ready tells that Next gives what is at hand, and does not wait for Kafka.
	Ready() bool
	Close()
}

// Planner finds out what of one log is to be replayed, and opens it.
type Planner struct {
	settings PlannerSettings
	earliest *logstart.Finder
	metrics  *metrics
}

// PlannerSettings are what a Planner goes by.
type PlannerSettings struct {
	Log          Log
	Ranges       *topicrange.Finder
	Speeds       *speedlimit.Estimator
	Measurements speedlimit.Measurements
	Window       reorder.Bounds
	MaxAge       time.Duration // how long ago a replay starts at most; 0: as far back as the log goes
}

// NewPlanner makes a Planner and registers what replays count.
func NewPlanner(settings PlannerSettings, registerer prometheus.Registerer) *Planner {
	return &Planner{settings: settings, earliest: logstart.New(settings.Ranges), metrics: newMetrics(registerer)}
}

// Plan opens the replay of a subscription, from a token if there is one. Close must be called, after Run if that is called. A *protocol.Error tells the client
// what it cannot have.
func (p *Planner) Plan(ctx context.Context, wanted *subscription.Subscription, from *cursor.Token, account *readlimit.Account) (*Pacer, error) {
	asked := wanted.Replay
	if err := p.checkAge(asked.Start); err != nil {
		return nil, err
	}
	request := Request{
		Stream: wanted.Source(), Measurement: wanted.Measurement, Start: asked.Start, End: asked.End, Speed: asked.Speed, Account: account,
	}
	if from == nil {
		return p.Start(ctx, request)
	}
	return p.Resume(ctx, request, *from)
}

func (p *Planner) checkAge(start time.Time) error {
	back := p.settings.MaxAge
	//mutate:replay-too-far-back
	if earliest := time.Now().Add(-back); back > 0 && start.Before(earliest) {
		return protocol.Errorf(protocol.CodeBeforeLog,
			"startTime: got %s, want no earlier than %s, as far as this gateway goes back",
			start.UTC().Format(time.RFC3339), earliest.Add(time.Second).UTC().Format(time.RFC3339))
	}
	return nil
}

// Start opens a replay of an interval of a measurement from its start.
func (p *Planner) Start(ctx context.Context, request Request) (*Pacer, error) {
	if err := checkSpeed(request.Speed); err != nil {
		return nil, err
	}
	interval, err := request.interval(time.Now(), p.settings.Measurements)
	if err != nil {
		return nil, err
	}
	ranges, err := p.settings.Ranges.Cover(ctx, request.query(), interval)
	if err != nil {
		return nil, err
	}
	if err := p.earliest.CheckStart(ctx, request.query(), ranges, interval.Start); err != nil {
		return nil, err
	}
	ranges = slices.DeleteFunc(ranges, func(each topicrange.Range) bool { return each.IsEmpty() })
	if err := checkTopics(ranges); err != nil {
		return nil, err
	}
	if err := p.checkLimit(ctx, &request, interval, ranges); err != nil {
		return nil, err
	}
	return p.open(ctx, request, interval, startOf(ranges))
}

// checkTopics bounds the topics that one replay reads at once: each has a window, and a position in every cursor.
func checkTopics(ranges []topicrange.Range) error {
	if len(ranges) <= cursor.MaxTopics {
		return nil
	}
	return protocol.Errorf(protocol.CodeTooMuch, "startTime: %d archives have records after it, want at most %d", len(ranges), cursor.MaxTopics)
}

// startOf gives the positions at the start of ranges.
func startOf(ranges []topicrange.Range) []cursor.TopicPosition {
	positions := make([]cursor.TopicPosition, len(ranges))
	for i, each := range ranges {
		positions[i] = cursor.TopicPosition{Topic: each.Topic, Progress: cursor.StartAt(each.From), End: each.To}
	}
	return positions
}

// open begins to read the topics where their positions are.
func (p *Planner) open(ctx context.Context, request Request, interval topicrange.Interval, positions []cursor.TopicPosition) (*Pacer, error) {
	pacer := &Pacer{
		interval: interval,
		topics:   positions,
		records:  &merged{},
		schedule: schedule{start: interval.Start, speed: request.Speed},
		metrics:  p.metrics,
	}
	for _, position := range positions {
		reader, err := p.openTopic(ctx, request.query(), position)
		if err != nil {
			pacer.Close()
			return nil, err
		}
		pacer.records.topics = append(pacer.records.topics, newReordered(reader, interval, p.settings.Window, position.Progress))
	}
	return pacer, nil
}

func (p *Planner) openTopic(ctx context.Context, query topicrange.Query, position cursor.TopicPosition) (LogReader, error) {
	if position.Low >= position.End {
		return nothing{}, nil
	}
	return p.settings.Log.Open(ctx, position.Topic, query.Measurement, position.Low, position.End, query.Account)
}

// nothing is what is left of a topic that has been read.
type nothing struct{}

func (nothing) Next(context.Context) (*atlas.Record, error) { return nil, io.EOF }
func (nothing) Ready() bool                                 { return true }
func (nothing) Close()                                      {}
