package main

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/replay"
)

// took is what playing took.
type took struct {
	Records int
	CPU     time.Duration   // of this process, from the moment that playing began
	Held    int64           // bytes of heap in use at the end, before anything is let go, over those at the beginning
	Late    []time.Duration // by which each record came later than it was due, if there was a speed
}

// sink is a client that tells what it was given.
type sink interface {
	replay.Sink
	taken() (records int, late []time.Duration)
}

func (s *settings) play(ctx context.Context, planner *replay.Planner) (took, error) {
	pacers, err := s.start(ctx, planner)
	if err != nil {
		return took{}, err
	}
	heap, processor := footprint.Heap(), footprint.CPU()
	clients, over, err := s.run(ctx, pacers, func() took {
		spent := footprint.CPU() - processor
		return took{CPU: spent, Held: footprint.Heap() - heap}
	})
	for _, client := range clients {
		records, late := client.taken()
		over.Records += records
		over.Late = append(over.Late, late...)
	}
	return over, err
}

func (s *settings) start(ctx context.Context, planner *replay.Planner) ([]*replay.Pacer, error) {
	pacers := make([]*replay.Pacer, s.Playbacks)
	for i := range pacers {
		pacer, err := planner.Start(ctx, s.request())
		if err != nil {
			return nil, err
		}
		pacers[i] = pacer
	}
	return pacers, nil
}

// run plays everything to its end, or for as long as it is to last, and looks at it before it is over.
func (s *settings) run(ctx context.Context, pacers []*replay.Pacer, look func() took) (clients []sink, over took, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var playing errgroup.Group
	for i, pacer := range pacers {
		client := s.client()
		clients = append(clients, client)
		playing.Go(func() error {
			defer pacer.Close()
			return s.playOne(ctx, pacer, client, time.Duration(i)*s.Stagger)
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- playing.Wait() }()
	select {
	case err = <-ended:
		over = look()
	case <-s.timeout():
		over = look()
		stop()
		err = <-ended
	}
	runtime.KeepAlive(pacers)
	return clients, over, err
}

func (s *settings) playOne(ctx context.Context, pacer *replay.Pacer, client sink, after time.Duration) error {
	select {
	case <-time.After(after):
	case <-ctx.Done():
		return nil
	}
	if err := pacer.Run(ctx, client); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (s *settings) client() sink {
	if s.Speed == 0 {
		return &client{}
	}
	return &punctual{speed: s.Speed}
}

func (s *settings) timeout() <-chan time.Time {
	if s.For == 0 {
		return nil
	}
	return time.After(s.For)
}
