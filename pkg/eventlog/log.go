package eventlog

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// metadataTTL is how long kafka-go caches metadata, and how long it waits for a response with metadata. A shorter one notices a new leader sooner, but
// fails with brokers that are far or busy.
const metadataTTL = 500 * time.Millisecond

// requestTimeout limits every request but fetches and appends.
const requestTimeout = 10 * time.Second

// Log is a connection to Kafka, for any number of Writers, Tails and Readers. They are closed before it.
type Log struct {
	config       Config
	logger       *zap.Logger
	metrics      *metrics
	connections  *connections
	layouts      *layouts
	shared       *sharedBatches
	tails        tailSet
	availability availability
	transport    *kafka.Transport
	requests     kafka.RoundTripper // over the transport
	client       *kafka.Client
	stop         context.CancelFunc

	unreadableKey lastUnreadable
}

// Open returns a Log, without connecting to Kafka yet. The registerer may be nil.
func Open(cfg Config, logger *zap.Logger, registerer prometheus.Registerer) (*Log, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	cfg = cfg.withDefaults()
	metrics, err := newMetrics(registerer)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	connections := newConnections(cfg.Security, metrics)
	transport := &kafka.Transport{
		Dial:        connections.dial,
		SASL:        cfg.Security.Mechanism(),
		ClientID:    cfg.ClientID,
		MetadataTTL: metadataTTL,
		Context:     ctx,
	}
	requests := rightsTransport{transport}
	return &Log{
		config:       cfg,
		logger:       logger.WithOptions(zap.WrapCore(sampled)),
		layouts:      &layouts{logger: logger},
		shared:       newSharedBatches(maxSharedBytes, metrics.sharedBytes),
		metrics:      metrics,
		connections:  connections,
		availability: availability{since: time.Now()},
		transport:    transport,
		requests:     requests,
		client:       &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: requests},
		stop:         stop,
	}, nil
}

// sampled keeps messages that are logged for each record or attempt from flooding the log.
func sampled(core zapcore.Core) zapcore.Core {
	return zapcore.NewSamplerWithOptions(core, 10*time.Second, 5, 0)
}

// Check reports whether Kafka answers and the configured topics can be used, with the configured rights. A *PartitionsChangedError or a
// *MissingRightError says that they cannot until an operator acts.
func (l *Log) Check(ctx context.Context) error {
	if err := l.checkRights(ctx, l.config.topicsOfRights(), l.config.Rights...); err != nil {
		return err
	}
	for _, topic := range l.config.Topics {
		partitions, err := l.topicPartitions(ctx, topic)
		if err != nil {
			return err
		}
		if err := checkLeaders(topic, partitions); err != nil {
			return err
		}
		if err := l.checkEventLayout(ctx, topic, len(partitions)); err != nil {
			return err
		}
		// kafka-go answers the above from its cache, even if no broker is left.
		if _, _, err := l.partition(topic, 0).bounds(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the connections to Kafka and waits until all are closed.
func (l *Log) Close() error {
	l.stop()
	l.transport.CloseIdleConnections()
	l.connections.close()
	return nil
}
