package catchup

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/e2e/internal/await"
)

// writeHistory writes an hour of old results into the live topic and into an archive: roughly in order, some far too late, some twice.
func (e *environment) writeHistory(ctx context.Context, random *rand.Rand) error {
	for _, measurement := range chaosMeasurements {
		if !hasHistory(measurement) {
			continue
		}
		for _, topic := range []string{eventlog.ResultsTopic, e.archive} {
			if err := e.write(ctx, topic, e.history(random, measurement)...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *environment) history(random *rand.Rand, measurement int) (values [][]byte) {
	const count = 300
	values = append(values, e.result(random, measurement, e.replayStart.Add(-time.Hour))) // the log begins before any replay
	for i := range count {
		at := e.replayStart.Add(-window + time.Duration(i)*(e.replayEnd.Sub(e.replayStart)+2*window)/count)
		at = at.Add(time.Duration(random.IntN(300)) * time.Second)
		switch random.IntN(12) {
		case 0:
			at = at.Add(-time.Duration(random.IntN(1800)) * time.Second) // late, perhaps by more than the window
		case 1:
			values = append(values, values[random.IntN(len(values))])
		}
		values = append(values, e.result(random, measurement, at))
	}
	return values
}

// horizonPair has two results at the edge of the horizon for repeats. Written again with filler between them, repeat is still a repeat by one record, and
// noRepeat is none by one record.
type horizonPair struct{ repeat, noRepeat, filler []byte }

// writeAtHorizon writes the pair, and then as many other records as the horizon has.
func (e *environment) writeAtHorizon(ctx context.Context, random *rand.Rand, measurement int) (pair horizonPair, err error) {
	pair.repeat, pair.noRepeat = e.result(random, measurement, time.Now()), e.result(random, measurement, time.Now())
	first := e.end(measurement)
	if err := e.write(ctx, eventlog.ResultsTopic, pair.repeat, pair.noRepeat); err != nil {
		return pair, err
	}
	neighbour := neighbourOf(measurement)
	for missing := first + horizon - e.end(measurement); missing > 0; {
		values := make([][]byte, min(missing, 2000))
		for i := range values {
			values[i] = fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping"}`, neighbour, missing-int64(i), time.Now().Add(-time.Hour/2).Unix())
		}
		if err := e.write(ctx, eventlog.ResultsTopic, values...); err != nil {
			return pair, err
		}
		missing -= int64(len(values))
	}
	pair.filler = e.result(random, neighbour, time.Now())
	return pair, nil
}

// neighbourOf returns a measurement of the same partition that nobody subscribes to.
func neighbourOf(measurement int) int {
	wanted := eventlog.PartitionOf(atlas.MeasurementID(measurement), chaosPartitions)
	neighbour := atlas.MeasurementID(5001)
	for eventlog.PartitionOf(neighbour, chaosPartitions) != wanted {
		neighbour++
	}
	return int(neighbour)
}

// liveRounds is how often each producer writes live results.
const liveRounds = 60

// writeLiveResults writes live results: a few or many at once, some late, some older than any backlog, some twice.
func (e *environment) writeLiveResults(ctx context.Context, random *rand.Rand, write func(context.Context, string, ...[]byte) error) error {
	var written [][]byte
	for range liveRounds {
		count, measurement := 1+random.IntN(20), 0
		if random.IntN(15) == 0 {
			count, measurement = 300, chaosMeasurements[random.IntN(len(chaosMeasurements))]
		}
		var values [][]byte
		for range count {
			values = append(values, e.liveResult(random, measurement, written))
		}
		if err := write(ctx, eventlog.ResultsTopic, values...); err != nil {
			return err
		}
		written = append(written, values...)
		select {
		case <-time.After(time.Duration(random.IntN(60)) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (e *environment) liveResult(random *rand.Rand, measurement int, written [][]byte) []byte {
	if measurement == 0 {
		measurement = chaosMeasurements[random.IntN(len(chaosMeasurements))]
	}
	at := time.Now()
	switch random.IntN(12) {
	case 0:
		at = at.Add(-time.Duration(random.IntN(60)) * time.Second)
	case 1:
		at = at.Add(-3*backlog - time.Duration(random.IntN(600))*time.Second)
	case 2:
		if len(written) > 0 {
			return written[len(written)-1-random.IntN(min(len(written), 500))]
		}
	}
	return e.result(random, measurement, at)
}

// run writes history, connects the clients, and then writes live results.
func (e *environment) run(t *testing.T, seed uint64, clients []*simulatedClient) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*await.Patience)
	defer cancel()
	random := rand.New(rand.NewPCG(seed, 0))
	if err := e.writeHistory(ctx, random); err != nil {
		t.Fatal(err)
	}
	pair, err := e.writeAtHorizon(ctx, random, chaosMeasurements[0])
	if err != nil {
		t.Fatal(err)
	}
	e.runClients(ctx, t, seed, clients, pair)
}

func (e *environment) runClients(ctx context.Context, t *testing.T, seed uint64, clients []*simulatedClient, pair horizonPair) {
	t.Helper()
	running, ctx := errgroup.WithContext(ctx)
	connected := make(chan struct{}, len(clients))
	for _, client := range clients {
		running.Go(func() error { return client.run(ctx, func() { connected <- struct{}{} }) })
	}
	for range clients {
		<-connected
	}
	if err := e.writeLive(ctx, seed, pair); err != nil {
		t.Error(err)
	}
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
}

// writeLive writes with two kinds of producers at the same time, and then the last records.
func (e *environment) writeLive(ctx context.Context, seed uint64, pair horizonPair) error {
	if err := e.write(ctx, eventlog.ResultsTopic, pair.repeat, pair.filler, pair.noRepeat); err != nil {
		return err
	}
	writing, writingCtx := errgroup.WithContext(ctx)
	writing.Go(func() error { return e.writeLiveResults(writingCtx, rand.New(rand.NewPCG(seed, 1<<32)), e.write) })
	writing.Go(func() error {
		return e.writeLiveResults(writingCtx, rand.New(rand.NewPCG(seed, 1<<33)), e.writePlainly)
	})
	if err := writing.Wait(); err != nil {
		return err
	}
	return e.writeLast(ctx)
}
