// Command producer puts results into Kafka at a steady rate. It uses franz-go, which sends all partitions' records of a moment in one request, so that the
// load takes little of the machine.
package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	eventv1 "atlasstream/proto/event/v1"
	"atlasstream/services/bench/internal/capacity"
	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/pace"
	"atlasstream/services/bench/internal/payload"
	"atlasstream/services/bench/internal/stats"
)

type settings struct {
	Kafka        []string `help:"Kafka brokers." required:""`
	Rows         string   `help:"Directory of the real results." required:""`
	Rate         int      `help:"Results a second." required:""`
	Measurements int      `help:"How many measurements take turns." required:""`
	First        int      `help:"Number of the first of them." default:"1"`
	Bursts       int      `help:"Times a second that it sends." default:"100"`
	Uneven       bool     `help:"Let measurements' rates differ as Zipf's law has it, instead of taking turns."`
	Hops         int      `help:"Send traceroutes of so many hops instead of the real results."`
}

// Run sends until the window that the parent tells is over, and tells what it sent.
func (s *settings) Run(ctx context.Context) error {
	rows, err := payload.Load(s.Rows)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(s.Kafka...),
		kgo.DefaultProduceTopic(eventlog.ResultsTopic),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.ZstdCompression()),
		kgo.ProducerLinger(time.Millisecond),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	producer := &producer{client: client, rows: rows, next: s.takeTurns(), hops: s.Hops}
	return producer.run(ctx, pace.NewEvery(time.Second/time.Duration(s.Bursts), s.Rate), ipc.Parent())
}

// takeTurns returns what gives the number of the next result's measurement.
func (s *settings) takeTurns() (next func() int) {
	if s.Uneven {
		random := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), capacity.Uneven.Exponent, capacity.Uneven.Offset, uint64(s.Measurements-1))
		return func() int { return s.First + int(random.Uint64()) }
	}
	sent := 0
	return func() int {
		turn := sent % s.Measurements
		sent++
		return s.First + turn
	}
}

type producer struct {
	client     *kgo.Client
	rows       *payload.Rows
	next       func() int // the measurement of the next result
	hops       int        // of each result, if it is to be a traceroute
	window     atomic.Pointer[ipc.Window]
	sent       int   // in all
	latestSent int64 // the time that the latest result says, in microseconds since 1970

	mu        sync.Mutex
	load      ipc.Load
	latencies []time.Duration
}

func (p *producer) run(ctx context.Context, pacer *pace.Pacer, parent *ipc.Channel) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan error, 1)
	go func() { heard <- p.awaitWindow(ctx, parent, cancel) }()
	if err := pacer.Run(ctx, func(due int) error { p.send(due); return nil }); err != nil {
		return err
	}
	if err := <-heard; err != nil {
		return err
	}
	if err := p.client.Flush(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	slices.Sort(p.latencies)
	p.load.Late, p.load.P99 = pacer.Latest(), stats.Percentile(p.latencies, 99)
	return parent.Send(p.load)
}

// awaitWindow stops the production when the window is over.
func (p *producer) awaitWindow(ctx context.Context, parent *ipc.Channel, stop context.CancelFunc) error {
	defer stop()
	if err := parent.ReceiveWindow(p.window.Store); err != nil {
		return err
	}
	select {
	case <-time.After(time.Until(p.window.Load().End())):
	case <-ctx.Done():
	}
	return nil
}

func (p *producer) send(due int) {
	for range due {
		p.latestSent = max(time.Now().UnixMicro(), p.latestSent+1)
		measurement := atlas.MeasurementID(p.next())
		value := p.result(measurement)
		p.sent++
		p.client.Produce(context.Background(), record(measurement, value), p.acknowledged(p.latestSent))
	}
}

// result makes the next result.
func (p *producer) result(measurement atlas.MeasurementID) []byte {
	if p.hops > 0 {
		return payload.Traceroute(p.sent, measurement, p.latestSent, p.hops)
	}
	return p.rows.Result(p.sent, measurement, p.latestSent)
}

func (p *producer) acknowledged(sent int64) func(*kgo.Record, error) {
	return func(_ *kgo.Record, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil {
			p.load.Failed++
			return
		}
		if p.window.Load().Contains(sent) {
			p.load.Records++
			p.latencies = append(p.latencies, time.Since(time.UnixMicro(sent)))
		}
	}
}

// record is a result as the collector would write it.
func record(measurement atlas.MeasurementID, value []byte) *kgo.Record {
	id := atlas.EventIDOf(value)
	header, err := proto.Marshal(&eventv1.Header{Measurement: int64(measurement), Probe: 1, Type: "ping", EventId: id[:]})
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return &kgo.Record{Key: []byte(measurement.Key()), Value: value, Headers: []kgo.RecordHeader{{Key: "atlas", Value: header}}}
}

func main() {
	service.Main("producer", "Puts results into Kafka at a steady rate.", &settings{})
}
