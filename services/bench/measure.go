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

// measure measures everything in turns, and gives what there is even if it fails midway.
func (s *settings) measure(ctx context.Context, lab *lab) (*report, error) {
	report := &report{Broker: lab.broker, Began: time.Now(), Rounds: s.Rounds, Seconds: s.Seconds, Quick: s.Quick}
	for round := range s.Rounds {
		for _, measure := range []eachRound{s.fanOuts, s.others, s.abuse, s.api} {
			if err := measure(ctx, lab, report, round); err != nil {
				return report, err
			}
		}
	}
	for _, measure := range []once{s.apiMemory, s.past, s.outages} {
		if err := measure(ctx, lab, report); err != nil {
			return report, err
		}
	}
	return report, s.pages(ctx, lab, report)
}

// past measures the past in turns.
func (s *settings) past(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, "playback") {
		return nil
	}
	recordings, err := lab.recordPast(ctx)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	for round := range s.Rounds {
		for _, past := range turnsOf(round) {
			figures, err := past.run(ctx, lab, recordings)
			if err != nil {
				return fmt.Errorf("%s: %w", past.kind, err)
			}
			figures.Round, figures.Kind = round, past.kind
			report.addPast(os.Stderr, figures)
		}
	}
	return nil
}

// fanOuts measures every way of fanning out.
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
	for i := range intakes {
		intake := intakes[(i+round)%len(intakes)]
		figures, err := lab.takeIn(ctx, intake, s.share(realNetworkRate))
		if err != nil {
			return fmt.Errorf("%s: %w", intake.name, err)
		}
		figures.Round, figures.Server = round, intake.name
		report.addIntake(os.Stderr, figures)
	}
	return nil
}

// scaled is what --quick leaves of a scenario.
func (s *settings) scaled(full scenario) scenario {
	reduced := full
	reduced.Clients, reduced.Measurements, reduced.Rate = s.share(full.Clients), s.share(full.Measurements), s.share(full.Rate)
	return reduced
}

// share is what --quick leaves of an amount.
func (s *settings) share(amount int) int {
	if s.Quick {
		return max(1, amount/10)
	}
	return amount
}
