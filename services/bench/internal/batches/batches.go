// Package batches is the load on the way into Kafka: the same batches of results for the collector and for the bare Writer, made before the clock starts.
package batches

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/pace"
	"atlasstream/services/bench/internal/payload"
	"atlasstream/services/bench/internal/stats"
)

const (
	// Different is how many batches there are, which take turns.
	Different    = 16
	measurements = 5000 // over which the results are spread
	atOnce       = 64   // batches under way
)

// Settings are the flags of a process that sends batches.
type Settings struct {
	Rows string `help:"Directory of the real results." required:""`
	Rate int    `help:"Results a second." required:""`
	Size int    `help:"Results in a batch." default:"1000"`
}

// Result is a result of a batch.
type Result struct {
	Measurement atlas.MeasurementID
	Value       []byte
}

// Make makes the batches.
func (s Settings) Make() ([][]Result, error) {
	if s.Rate < s.Size {
		return nil, fmt.Errorf("rate: got %d results a second, want at least a batch of %d", s.Rate, s.Size)
	}
	rows, err := payload.Load(s.Rows)
	if err != nil {
		return nil, err
	}
	now := time.Now().UnixMicro()
	made := make([][]Result, Different)
	for n := range Different * s.Size {
		measurement := atlas.MeasurementID(1 + n%measurements)
		made[n/s.Size] = append(made[n/s.Size], Result{measurement, rows.Result(n, measurement, now+int64(n))})
	}
	return made, nil
}

// Run sends batch after batch at the rate, tells the parent when the first was taken, and what was taken within the window that the parent tells.
// send returns once batch number n is in Kafka.
func (s Settings) Run(ctx context.Context, parent *ipc.Channel, send func(ctx context.Context, n int) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sender := &sender{size: s.Size, send: send, parent: parent}
	sender.underWay.SetLimit(atOnce)
	heard := make(chan error, 1)
	go func() { heard <- sender.awaitWindow(ctx, stop) }()
	pacer, next := pace.New(s.Rate/s.Size), 0
	err := pacer.Run(ctx, func(due int) error {
		for range due {
			sender.start(context.WithoutCancel(ctx), next%Different)
			next++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := <-heard; err != nil {
		return err
	}
	defer parent.AwaitEnd() // until then the parent looks at what this process took of the machine
	return parent.Send(sender.sum(pacer))
}

type sender struct {
	size     int
	send     func(ctx context.Context, n int) error
	parent   *ipc.Channel
	window   atomic.Pointer[ipc.Window]
	underWay errgroup.Group
	flowing  sync.Once

	mu        sync.Mutex
	load      ipc.Load
	latencies []time.Duration
}

// awaitWindow stops the load when the window is over.
func (s *sender) awaitWindow(ctx context.Context, stop context.CancelFunc) error {
	defer stop()
	var window ipc.Window
	if err := s.parent.Receive(&window); err != nil {
		return err
	}
	s.window.Store(&window)
	select {
	case <-time.After(time.Until(window.End())):
	case <-ctx.Done():
	}
	return nil
}

func (s *sender) start(ctx context.Context, n int) {
	s.underWay.Go(func() error {
		began := time.Now()
		err := s.send(ctx, n)
		s.finished(time.Since(began), err)
		return nil
	})
}

func (s *sender) finished(took time.Duration, err error) {
	if err == nil {
		s.flowing.Do(func() { _ = s.parent.Send(ipc.Ready{Count: s.size}) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.load.Failed += s.size
	} else if s.window.Load().Contains(time.Now().UnixMicro()) {
		s.load.Records += s.size
		s.latencies = append(s.latencies, took)
	}
}

func (s *sender) sum(pacer *pace.Pacer) ipc.Load {
	_ = s.underWay.Wait()
	slices.Sort(s.latencies)
	s.load.Late, s.load.P99 = pacer.Latest(), stats.Percentile(s.latencies, 99)
	return s.load
}
