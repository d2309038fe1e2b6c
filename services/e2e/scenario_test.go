package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// writeThePast writes an hour of results of long ago into the live topic and into an archive: roughly in order, some far too late, some twice.
func (s *scene) writeThePast(ctx context.Context, chance *rand.Rand) error {
	for _, measurement := range sceneMeasurements {
		if !hasPast(measurement) {
			continue
		}
		for _, topic := range []string{eventlog.ResultsTopic, s.archive} {
			if err := s.write(ctx, topic, s.past(chance, measurement)...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scene) past(chance *rand.Rand, measurement int) (values [][]byte) {
	const count = 300
	values = append(values, s.result(chance, measurement, s.begins.Add(-time.Hour))) // the log goes back further than any replay
	for i := range count {
		at := s.begins.Add(-window + time.Duration(i)*(s.ends.Sub(s.begins)+2*window)/count)
		at = at.Add(time.Duration(chance.IntN(300)) * time.Second)
		switch chance.IntN(12) {
		case 0:
			at = at.Add(-time.Duration(chance.IntN(1800)) * time.Second) // late, maybe by more than the window
		case 1:
			values = append(values, values[chance.IntN(len(values))])
		}
		values = append(values, s.result(chance, measurement, at))
	}
	return values
}

// brink is two results that stand at the very beginning of the horizon of what is written next.
type brink struct{ within, beyond, filler []byte }

// writeToTheBrink writes two results and as many others behind them that the first, written again, is a repeat by one record, and the second, written again
// behind one more, is none by one record.
func (s *scene) writeToTheBrink(ctx context.Context, chance *rand.Rand, measurement int) (b brink, err error) {
	b.within, b.beyond = s.result(chance, measurement, time.Now()), s.result(chance, measurement, time.Now())
	first := s.end(measurement)
	if err := s.write(ctx, eventlog.ResultsTopic, b.within, b.beyond); err != nil {
		return b, err
	}
	neighbour := neighbourOf(measurement)
	for missing := first + horizon - s.end(measurement); missing > 0; {
		values := make([][]byte, min(missing, 2000))
		for i := range values {
			values[i] = fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping"}`, neighbour, missing-int64(i), time.Now().Add(-time.Hour/2).Unix())
		}
		if err := s.write(ctx, eventlog.ResultsTopic, values...); err != nil {
			return b, err
		}
		missing -= int64(len(values))
	}
	b.filler = s.result(chance, neighbour, time.Now())
	return b, nil
}

// neighbourOf is a measurement of the same partition that nobody wishes for.
func neighbourOf(measurement int) int {
	wanted := eventlog.PartitionOf(atlas.MeasurementID(measurement), scenePartitions)
	neighbour := atlas.MeasurementID(5001)
	for eventlog.PartitionOf(neighbour, scenePartitions) != wanted {
		neighbour++
	}
	return int(neighbour)
}

// liveRounds is how often results come live from each producer.
const liveRounds = 60

// writeForAWhile writes results as they come live: here and there or many at once, some late, some older than any backlog, some twice.
func (s *scene) writeForAWhile(ctx context.Context, chance *rand.Rand, write func(context.Context, string, ...[]byte) error) error {
	var written [][]byte
	for range liveRounds {
		count, measurement := 1+chance.IntN(20), 0
		if chance.IntN(15) == 0 {
			count, measurement = 300, sceneMeasurements[chance.IntN(len(sceneMeasurements))]
		}
		var values [][]byte
		for range count {
			values = append(values, s.liveResult(chance, measurement, written))
		}
		if err := write(ctx, eventlog.ResultsTopic, values...); err != nil {
			return err
		}
		written = append(written, values...)
		select {
		case <-time.After(time.Duration(chance.IntN(60)) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *scene) liveResult(chance *rand.Rand, measurement int, written [][]byte) []byte {
	if measurement == 0 {
		measurement = sceneMeasurements[chance.IntN(len(sceneMeasurements))]
	}
	at := time.Now()
	switch chance.IntN(12) {
	case 0:
		at = at.Add(-time.Duration(chance.IntN(60)) * time.Second)
	case 1:
		at = at.Add(-3*backlog - time.Duration(chance.IntN(600))*time.Second)
	case 2:
		if len(written) > 0 {
			return written[len(written)-1-chance.IntN(min(len(written), 500))]
		}
	}
	return s.result(chance, measurement, at)
}

// play lets it all happen: whatever is written live is written when all clients are there.
func (s *scene) play(t *testing.T, seed uint64, travellers []*traveller) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	chance := rand.New(rand.NewPCG(seed, 0))
	if err := s.writeThePast(ctx, chance); err != nil {
		t.Fatal(err)
	}
	brink, err := s.writeToTheBrink(ctx, chance, sceneMeasurements[0])
	if err != nil {
		t.Fatal(err)
	}
	s.perform(ctx, t, seed, travellers, brink)
}

func (s *scene) perform(ctx context.Context, t *testing.T, seed uint64, travellers []*traveller, brink brink) {
	t.Helper()
	travelling, ctx := errgroup.WithContext(ctx)
	settled := make(chan struct{}, len(travellers))
	for _, traveller := range travellers {
		travelling.Go(func() error { return traveller.travel(ctx, func() { settled <- struct{}{} }) })
	}
	for range travellers {
		<-settled
	}
	if err := s.writeLive(ctx, seed, brink); err != nil {
		t.Error(err)
	}
	if err := travelling.Wait(); err != nil {
		t.Error(err)
	}
}

// writeLive writes with two producers of different make at a time, and then the last records of all.
func (s *scene) writeLive(ctx context.Context, seed uint64, brink brink) error {
	if err := s.write(ctx, eventlog.ResultsTopic, brink.within, brink.filler, brink.beyond); err != nil {
		return err
	}
	writing, writingCtx := errgroup.WithContext(ctx)
	writing.Go(func() error { return s.writeForAWhile(writingCtx, rand.New(rand.NewPCG(seed, 1<<32)), s.write) })
	writing.Go(func() error { return s.writeForAWhile(writingCtx, rand.New(rand.NewPCG(seed, 1<<33)), s.writePlainly) })
	if err := writing.Wait(); err != nil {
		return err
	}
	return s.conclude(ctx)
}
