package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

type (
	eachRound func(ctx context.Context, lab *lab, report *report, round int) error
	once      func(ctx context.Context, lab *lab, report *report) error
)

// measure measures everything in turns. If it fails, the report has the figures so far.
func (s *settings) measure(ctx context.Context, lab *lab) (*report, error) {
	report := &report{Broker: lab.broker, Began: time.Now(), Rounds: s.Rounds, Seconds: s.Seconds, Quick: s.Quick}
	for round := range s.Rounds {
		for _, measure := range []eachRound{s.fanOuts, s.others, s.abuse, s.api, s.cursors, s.stalled, s.sources} {
			if err := measure(ctx, lab, report, round); err != nil {
				return report, err
			}
		}
	}
	for _, measure := range []once{s.apiMemory, s.playback, s.catchUp, s.outages, s.capacity} {
		if err := measure(ctx, lab, report); err != nil {
			return report, err
		}
	}
	return report, s.pages(ctx, lab, report)
}

// playback measures playbacks, in turns.
func (s *settings) playback(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, "playback") {
		return nil
	}
	recordings, err := lab.recordPlayback(ctx)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	for round := range s.Rounds {
		for _, playback := range playbackOrder(round) {
			figures, err := playback.run(ctx, lab, recordings)
			if err != nil {
				return fmt.Errorf("%s: %w", playback.kind, err)
			}
			figures.Round, figures.Kind = round, playback.kind
			report.addPlayback(os.Stderr, figures)
		}
	}
	return nil
}

// fanOuts measures every scenario of fan-out.
func (s *settings) fanOuts(ctx context.Context, lab *lab, report *report, round int) error {
	for _, scenario := range scenarios {
		if !slices.Contains(s.Scenario, scenario.Name) {
			continue
		}
		if err := s.fanOut(ctx, lab, report, s.scaled(scenario), round); err != nil {
			return err
		}
	}
	return nil
}

// fanOut measures every server in turn; each round begins with another one.
func (s *settings) fanOut(ctx context.Context, lab *lab, report *report, scenario scenario, round int) error {
	for i := range s.Servers {
		name := s.Servers[(i+round)%len(s.Servers)]
		if !scenario.servedBy(name) {
			continue
		}
		figures, err := lab.fanOut(ctx, scenario, servers[name])
		if err != nil {
			return fmt.Errorf("scenario %s, %s: %w", scenario.Name, name, err)
		}
		figures.Round, figures.Scenario, figures.Server = round, scenario.Name, name
		report.addFanOut(os.Stderr, figures)
	}
	return nil
}

// others measures what is not fan-out.
func (s *settings) others(ctx context.Context, lab *lab, report *report, round int) error {
	if slices.Contains(s.Scenario, "memory") {
		figures, err := lab.memory(ctx, s.share(idleConnections))
		if err != nil {
			return fmt.Errorf("memory: %w", err)
		}
		report.addMemory(os.Stderr, figures)
	}
	if !slices.Contains(s.Scenario, "collector") {
		return nil
	}
	for i := range ingestServers {
		server := ingestServers[(i+round)%len(ingestServers)]
		figures, err := lab.ingest(ctx, server, s.share(realNetworkRate))
		if err != nil {
			return fmt.Errorf("%s: %w", server.name, err)
		}
		figures.Round, figures.Server = round, server.name
		report.addIngest(os.Stderr, figures)
	}
	return nil
}
