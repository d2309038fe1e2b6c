package catchup

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// Log is what readers read.
type Log interface {
	// Follow is that of session.Tails: it calls attach once with a partition's number and the offset before which all has been delivered, under the tail's lock.
	Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error)
	// Rejoin calls take, under the tail's lock, with what the tail has delivered from an offset on, and tells whether it still holds that. A target that gets
	// all of it has missed nothing of what the tail delivers from then on.
	Rejoin(ctx context.Context, partition int, offset int64, take func(held []atlas.Record)) (found bool, err error)
	// Open opens a reader of the records of measurements in a partition from an offset to before another, or to the log's end as it is now, without repeats. Pay
	// is called before more is read, with what was gone through since. A *LostError, of Open or of the reader, says that the log does not have what comes next.
	Open(
		ctx context.Context, partition int, measurements []atlas.MeasurementID, from, to int64,
		pay func(ctx context.Context, records, bytes int64) error,
	) (LogReader, error)
}

// LogReader reads records in the order of their offsets.
type LogReader interface {
	// Next gives the next record, or io.EOF behind the last one.
	Next(ctx context.Context) (*atlas.Record, error)
	// Ready tells that Next gives what is at hand, and does not wait for Kafka.
	Ready() bool
	// Position gives the offset before which nothing is left to be read.
	Position() int64
	Close()
}

// LostError says that the log has no record from one offset to before another any more. To below From says that it was truncated or recreated.
type LostError struct{ From, To int64 }

// Error implements error.
func (e *LostError) Error() string {
	return fmt.Sprintf("the log has lost the records from %d to before %d", e.From, e.To)
}

// Settings are what catching up goes by.
type Settings struct {
	BehindTime  time.Duration // how long ago the next record for a client came in at most
	BehindBytes int64         // of the partition's values from there on at most
	Readers     int           // most that read the log at once; some more may wait until their address has paid
	// ReadersOfAddress is how many of them read for the clients of one address.
	ReadersOfAddress int
	// Horizon is how many records each reading goes through before those that are wanted, to find repeats.
	Horizon int64

	Shared   *delivery.Shared
	Enricher subscription.Enricher
	OnWork   func(subscription.Stats) // what subscriptions have had done with records
	Logger   *zap.Logger
}

// Hub has what the readers share.
type Hub struct {
	settings   Settings
	turns      *readlimit.Turns // of the readers of the log
	deliverers sync.Pool
}

// NewHub makes what readers share.
func NewHub(settings Settings) *Hub {
	h := &Hub{settings: settings, turns: readlimit.NewTurns(settings.Readers, settings.ReadersOfAddress)}
	h.deliverers.New = func() any { return delivery.NewDeliverer(settings.Shared, settings.Enricher, settings.OnWork) }
	return h
}

// Usage tells how many readers read the log, and how many wait for their turn.
func (h *Hub) Usage() (reading, waiting int) { return h.turns.Usage() }

// deliverer gives one for records of a partition, which goes back to deliverers.
func (h *Hub) deliverer(partition *live.Partition) *delivery.Deliverer {
	deliverer := h.deliverers.Get().(*delivery.Deliverer)
	deliverer.Source = partition
	return deliverer
}

// Topic is a live topic whose partitions clients catch up with.
type Topic struct {
	hub       *Hub
	log       Log
	delivered prometheus.Counter
}

// NewTopic makes a topic. Delivered counts the records that its readers deliver.
func (h *Hub) NewTopic(log Log, delivered prometheus.Counter) *Topic {
	return &Topic{hub: h, log: log, delivered: delivered}
}
