package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"
	"atlasstream/services/simulator"
)

// registryInterval is how often a simulation publishes its registries, as RIPE publishes a file of its probes every day.
const registryInterval = 24 * time.Hour

// retryPause is how long a simulation waits before it sends records again that Kafka did not take.
const retryPause = time.Second

// SimulateConfig says which network to simulate and where to. The tags of settings that are flags of a command say what they mean and which default a zero
// value stands for.
type SimulateConfig struct {
	Kafka    []string        `kong:"-"` // host:port of brokers
	Security security.Config `kong:"-"` // of the connections to Kafka
	TopicSettings

	OnReady func()                `kong:"-"` // called once the network is about to publish; may be nil
	Logger  *zap.Logger           `kong:"-"` // may be nil
	Metrics prometheus.Registerer `kong:"-"` // may be nil

	SimulatedNetwork
	History time.Duration `help:"How much of its past the simulated network publishes first, as far as Kafka does not have it already." placeholder:"DURATION" env:"ATLAS_PAST"`
}

// SimulatedNetwork says what is simulated. Networks of equal Seed, Rate, Probes and Incidents give the same events.
type SimulatedNetwork struct {
	Rate      float64 `help:"Results a second that the simulated network gives, over all measurements." default:"50"`
	Seed      uint64  `help:"Seed of the simulated network. The same seed, rate, number of probes and incidents give the same network." default:"1" zero:""`
	Probes    int     `help:"Number of probes of the simulated network." default:"300"`
	Incidents string  `help:"What goes wrong in the simulated network: easy (an outage of a region every hour) or hard (outages of regions and providers, controllers, the platform)." default:"easy"`
	Truth     string  `help:"File to which the incidents of the simulated network are appended as lines of JSON, those of each hour when it begins." placeholder:"FILE"`
}

// Check joins every fault of the settings.
func (c SimulateConfig) Check() error {
	return errors.Join(
		kafkasettings.Check(c.log()),
		service.CheckNumbers(c),
		c.checkPartitions(),
		c.checkNetwork(),
	)
}

func (n SimulatedNetwork) checkNetwork() error {
	service.SetDefaults(&n)
	return errors.Join(
		service.Setting("probes", simulator.Config{Probes: n.Probes, Rate: simulator.MinRate}.Validate()),
		service.Setting("rate", simulator.Config{Rate: n.Rate}.Validate()),
		service.Setting("incidents", simulator.Incidents(n.Incidents).Validate()),
	)
}

func (c SimulateConfig) withDefaults() SimulateConfig {
	service.SetDefaults(&c)
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	return c
}

func (c SimulateConfig) log() eventlog.Config {
	return eventlog.Config{Brokers: c.Kafka, ClientID: clientID, Security: c.Security, ExistingTopics: c.ExistingTopics}
}

func (n SimulatedNetwork) config() simulator.Config {
	return simulator.Config{Seed: n.Seed, Probes: n.Probes, Rate: n.Rate, Incidents: simulator.Incidents(n.Incidents)}
}

// Simulate publishes the events of a simulated network, as if they arrived live, until ctx ends. It waits for Kafka, and loses nothing while Kafka is
// unavailable.
func Simulate(ctx context.Context, cfg SimulateConfig) error {
	if err := cfg.Check(); err != nil {
		return service.Settings("simulation", err)
	}
	cfg = cfg.withDefaults()
	network, err := simulator.New(cfg.config())
	if err != nil {
		return err
	}
	truth, err := openTruth(cfg.Truth, network)
	if err != nil {
		return err
	}
	log, err := eventlog.Open(cfg.log(), cfg.Logger, cfg.Metrics)
	if err != nil {
		return errors.Join(err, truth.close())
	}
	writer := log.Writer(eventlog.WriterConfig{})
	s := simulation{cfg: cfg, log: log, truth: truth, publisher: publish.New(writer, Config{}.withDefaults().MaxRecord, "simulator", cfg.Metrics)}
	err = s.run(ctx, network)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), reachTimeout)
	defer cancel()
	return errors.Join(err, writer.Close(stopping), log.Close(), truth.close())
}

// simulation is a running one.
type simulation struct {
	cfg       SimulateConfig
	log       *eventlog.Log
	publisher *publish.Publisher
	truth     *truthFile
}

// publishWhenUsable publishes as soon as the topics can be used.
func (s *simulation) publishWhenUsable(ctx context.Context, usable <-chan struct{}, network *simulator.Network) error {
	select {
	case <-usable:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := s.log.EnsureCursorKey(ctx, keysTopic(s.cfg.Replication)); err != nil {
		return err
	}
	if err := s.putRegistries(ctx, network); err != nil {
		return err
	}
	return s.publishFrom(ctx, network)
}

func (s *simulation) run(ctx context.Context, network *simulator.Network) error {
	tasks, running := errgroup.WithContext(ctx)
	usable := make(chan struct{})
	opened := sync.OnceFunc(func() { close(usable) })
	tasks.Go(func() error {
		return s.log.KeepTopics(running, func(reason error) {
			if reason == nil {
				opened()
				return
			}
			s.cfg.Logger.Warn("the topics cannot be used", zap.Error(reason))
		}, s.cfg.topics()...)
	})
	tasks.Go(func() error { return s.publishWhenUsable(running, usable, network) })
	err := tasks.Wait()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil // an orderly stop
	}
	return err
}

func (s *simulation) publishFrom(ctx context.Context, network *simulator.Network) error {
	now := time.Now()
	from, err := latestEvent(ctx, s.log.History(), eventlog.ResultsTopic, now.Add(-s.cfg.History), now)
	if err != nil {
		return fmt.Errorf("finding the latest event in the log: %w", err)
	}
	s.truth.start(from)
	ctx, stop := context.WithCancel(ctx)
	var registries sync.WaitGroup
	defer registries.Wait()
	defer stop()
	registries.Go(func() { s.keepRegistries(ctx, network) })
	s.cfg.Logger.Info("simulating", zap.Float64("results_per_second", s.cfg.Rate), zap.Uint64("seed", s.cfg.Seed), zap.Time("from", from))
	if s.cfg.OnReady != nil {
		s.cfg.OnReady()
	}
	return network.Run(ctx, from, func(batch []simulator.Event) error { return s.publish(ctx, batch) })
}

// keepRegistries publishes the registries every day, until ctx ends.
func (s *simulation) keepRegistries(ctx context.Context, network *simulator.Network) {
	daily := time.NewTicker(registryInterval)
	defer daily.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-daily.C:
		}
		if err := s.putRegistries(ctx, network); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("the simulated registries cannot be published", zap.Error(err))
		}
	}
}

// putRegistries publishes the network's probes and measurements as they are now. Objects that have not changed do no harm.
func (s *simulation) putRegistries(ctx context.Context, network *simulator.Network) error {
	probes, err := network.ProbeObjects(time.Now())
	if err != nil {
		return err
	}
	measurements, err := network.MeasurementObjects()
	if err != nil {
		return err
	}
	return errors.Join(s.persist(ctx, publish.Probes, numbered(probes)), s.persist(ctx, publish.Measurements, numbered(measurements)))
}

func numbered(lines [][]byte) []split.Value {
	values := make([]split.Value, len(lines))
	for i, line := range lines {
		values[i] = split.Value{Line: i + 1, Raw: line}
	}
	return values
}

// publish splits a batch by stream. Within a stream, events keep their order.
func (s *simulation) publish(ctx context.Context, batch []simulator.Event) error {
	if err := s.truth.writeUntil(batch[len(batch)-1].Time); err != nil {
		return err
	}
	results, status := make([]split.Value, 0, len(batch)), []split.Value(nil)
	for i, event := range batch {
		value := split.Value{Line: i + 1, Raw: event.JSON}
		if event.Stream == atlas.StreamProbeStatus {
			status = append(status, value)
		} else {
			results = append(results, value)
		}
	}
	return errors.Join(s.persist(ctx, publish.Results, results), s.persist(ctx, publish.ProbeStatus, status))
}

// persist sends values until Kafka has them. What it had already from a failed attempt is recognised as a repeat by readers.
func (s *simulation) persist(ctx context.Context, to publish.Destination, values []split.Value) error {
	for {
		outcome, err := s.publisher.Publish(ctx, to, values)
		if outcome.RejectedTotal > 0 {
			s.cfg.Logger.Error("simulated records were rejected", zap.Int("count", outcome.RejectedTotal), zap.Any("first", outcome.Rejected[0]))
		}
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			s.cfg.Logger.Warn("Kafka did not take simulated records; they are sent again", zap.Int("count", len(values)), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(retryPause):
		}
	}
}

// offsetLog is what latestEvent needs of *eventlog.History.
type offsetLog interface {
	Partitions(ctx context.Context, topic string) (int, error)
	Bounds(ctx context.Context, topic string, partition int) (first, next int64, err error)
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
}

// latestEvent returns the time of the topic's latest event, to the second, or from if there is none after that. Events after until do not count.
func latestEvent(ctx context.Context, log offsetLog, topic string, from, until time.Time) (time.Time, error) {
	partitions, err := log.Partitions(ctx, topic)
	if err != nil {
		return time.Time{}, err
	}
	for partition := range partitions {
		if from, err = latestIn(ctx, log, topic, partition, from, until); err != nil {
			return time.Time{}, err
		}
	}
	return from, nil
}

// latestIn finds the time in a partition by bisection; Kafka finds the first record at or after a time by its index.
func latestIn(ctx context.Context, log offsetLog, topic string, partition int, from, until time.Time) (time.Time, error) {
	_, next, err := log.Bounds(ctx, topic, partition)
	if err != nil {
		return time.Time{}, err
	}
	without := sort.Search(int(until.Sub(from)/time.Second)+1, func(seconds int) bool {
		if err != nil {
			return true
		}
		var offset int64
		offset, err = log.OffsetAt(ctx, topic, partition, from.Add(time.Duration(seconds)*time.Second))
		return offset >= next
	})
	return from.Add(time.Duration(max(without-1, 0)) * time.Second), err
}
