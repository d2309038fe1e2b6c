package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
)

const (
	stallRate = 1000 // results of 1 kB a second
	warmUp    = 4 * time.Second
	stallTime = 30 * time.Second
	// stallMemory is what a client that does not read may cost the gateway.
	stallMemory = 4 << 20
)

// A client at every door stops reading for half a minute, all at once. The gateway's memory grows little, a client that reads notices no more of it than one of
// another gateway, and those that go on reading receive everything, once and in order.
func TestClientsStopReading(t *testing.T) {
	t.Parallel()
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	openHouse(t, kafka)
	program := buildGateway(t)
	gateway, other := program.start(t, kafka), program.start(t, kafka)
	ctx, cancel := context.WithTimeout(t.Context(), stallTime+3*patience)
	defer cancel()
	listening, ctx := errgroup.WithContext(ctx)
	stall := &stall{begin: make(chan struct{}), over: make(chan struct{})}
	for _, entrance := range entrances {
		listening.Go(stall.listener(ctx, mustSubscribe(t, entrance, stallArrival(gateway)), entrance.name).listenInFits)
	}
	reader := stall.listener(ctx, mustSubscribe(t, webSocket, stallArrival(gateway)), "a WebSocket that is read")
	control := stall.listener(ctx, mustSubscribe(t, webSocket, stallArrival(other)), "a WebSocket of another gateway")
	listening.Go(reader.listen)
	listening.Go(control.listen)
	source := newSource(t, kafka, 1001)
	listening.Go(func() error { return source.run(ctx) })

	pass(ctx, warmUp)
	memory, begin := gateway.memory(t), time.Now()
	starved := watchStarvation(t)
	close(stall.begin)
	most := int64(0)
	for range 3 {
		pass(ctx, stallTime/3)
		now := gateway.memory(t)
		t.Logf("in the stall: %d KiB, %d KiB at first", now>>10, memory>>10)
		most = max(most, now)
	}
	if behind := gateway.metric(t, "atlas_gateway_behind_clients"); int(behind) != len(entrances) {
		t.Errorf("%v clients are behind, want %d", behind, len(entrances))
	}
	end, noticeable := time.Now(), 250*time.Millisecond+starved()
	close(stall.over)
	pass(ctx, time.Second)
	source.over.Store(true)
	if err := listening.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d results, heard by all %s after the stall", source.written.Load(), time.Since(end).Round(time.Millisecond))
	if grown := (most - memory) / int64(len(entrances)); grown >= stallMemory {
		t.Errorf("the gateway grew by %d KiB for each client that did not read, want less than %d", grown>>10, stallMemory>>10)
	}
	checkLatency(t, reader.percentile99(begin, end), control.percentile99(begin, end), noticeable)
	eventually(t, "nobody is behind any more", func() bool { return gateway.metric(t, "atlas_gateway_behind_clients") == 0 })
}

// pass lets time pass, unless something went wrong.
func pass(ctx context.Context, duration time.Duration) {
	select {
	case <-time.After(duration):
	case <-ctx.Done():
	}
}

func stallArrival(gateway *process) arrival {
	return arrival{gateway: gateway.public, parameters: json.RawMessage(`{"msm":1001}`)}
}

// stall is when some do not read.
type stall struct{ begin, over chan struct{} }

// listener hears numbered results on a line. Like a client that is worth its name it looks at no more of them than it needs.
type listener struct {
	ctx     context.Context
	line    *line
	name    string
	stall   *stall
	heard   int
	arrived []time.Time
	took    []time.Duration // from being written to being heard
}

func (s *stall) listener(ctx context.Context, line *line, name string) *listener {
	return &listener{ctx: ctx, line: line, name: name, stall: s}
}

// listen hears everything to the last result.
func (l *listener) listen() error {
	for {
		if last, err := l.hear(); last || err != nil {
			return err
		}
	}
}

// listenInFits does so too, but does not read during the stall.
func (l *listener) listenInFits() error {
	for begin := l.stall.begin; ; {
		select {
		case <-begin:
			begin = nil
			select {
			case <-l.stall.over:
			case <-l.ctx.Done():
				return l.ctx.Err()
			}
		default:
		}
		if last, err := l.hear(); last || err != nil {
			return err
		}
	}
}

func (l *listener) hear() (last bool, err error) {
	heard, err := l.line.hear()
	if err != nil {
		return false, fmt.Errorf("%s, after %d results: %w", l.name, l.heard, err)
	}
	number, written := memberOf(heard.payload, `"number":`), memberOf(heard.payload, `"written":`)
	if heard.event != "atlas_result" || number != int64(l.heard+1) {
		return false, fmt.Errorf("%s: heard %.200s, want result %d", l.name, heard, l.heard+1)
	}
	l.heard++
	now := time.Now()
	l.arrived, l.took = append(l.arrived, now), append(l.took, now.Sub(time.UnixMicro(written)))
	return bytes.Contains(heard.payload, []byte(`"last":true`)), nil
}

// memberOf reads a number without reading the rest.
func memberOf(result []byte, name string) int64 {
	_, behind, _ := bytes.Cut(result, []byte(name))
	digits, _, _ := bytes.Cut(behind, []byte(","))
	number, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return -1
	}
	return number
}

// checkLatency compares a client beside those that do not read with one that has nothing to do with them: what else the machine does, both feel.
func checkLatency(t *testing.T, beside, apart, noticeable time.Duration) {
	t.Helper()
	t.Logf("in the stall, 99 of 100 results took %s at most, and %s at another gateway; %s would be noticed", beside, apart, noticeable)
	if beside > 2*apart+noticeable {
		t.Errorf("in the stall, 99 of 100 results took %s at most, and %s at another gateway", beside, apart)
	}
}

// percentile99 is what 99 of 100 results that arrived in an interval took at most.
func (l *listener) percentile99(begin, end time.Time) time.Duration {
	var took []time.Duration
	for i, at := range l.arrived {
		if at.After(begin) && at.Before(end) {
			took = append(took, l.took[i])
		}
	}
	if len(took) == 0 {
		return stallTime
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// source writes numbered results of 1 kB at a steady rate.
type source struct {
	writer      *eventlog.Writer
	measurement atlas.MeasurementID
	written     atomic.Int64
	over        atomic.Bool
}

func newSource(t *testing.T, kafka []string, measurement atlas.MeasurementID) *source {
	t.Helper()
	s := &source{writer: openLog(t, kafka).Writer(eventlog.WriterConfig{}), measurement: measurement}
	t.Cleanup(func() {
		if err := s.writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run writes until it is told to stop, and then the last one.
func (s *source) run(ctx context.Context) error {
	const tick, most = 20 * time.Millisecond, 500 // so that a busy machine, on which much is due at once, takes it piece by piece
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for began := time.Now(); !s.over.Load(); {
		due := int64(time.Since(began).Seconds() * stallRate)
		if err := s.write(ctx, int(min(due-s.written.Load(), most)), false); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.write(ctx, 1, true)
}

var kilobyte = strings.Repeat("x", 900)

func (s *source) write(ctx context.Context, count int, last bool) error {
	events := make([]atlas.Event, count)
	for i := range events {
		now := time.Now()
		var err error
		events[i], err = atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":%d,"prb_id":1,"timestamp":%d,"type":"ping","number":%d,"written":%d,"last":%t,"padding":%q}`,
			s.measurement, now.Unix(), s.written.Add(1), now.UnixMicro(), last, kilobyte))
		if err != nil {
			return err
		}
	}
	return s.writer.Append(ctx, eventlog.ResultsTopic, events)
}
