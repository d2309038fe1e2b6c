package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
)

// The bars of the read API.
const (
	maxP99Times   = 1.5      // p99 latency of deliveries while answers are made, in times of that without
	maxUnanswered = 0.5      // of the questions: without answers, the latency beside them shows nothing
	maxAddedBytes = 40 << 20 // that the gateway holds for the answers, at the real network's size
)

// apiPairs is how often in a round deliveries are measured without answers and with them.
const apiPairs = 3

// apiLoad has enough records in one partition for volumes that go through as many as they may.
var apiLoad = scenario{Name: "api", Clients: 20, Measurements: 1, Rate: 1000}

// answersAttack is what asks for answers, by its name in cmd/attacker.
const answersAttack = "answers of the read API"

// apiFigures is one measurement of deliveries.
type apiFigures struct {
	fanOutFigures
	Pair    int  // over all rounds
	Asked   bool // whether answers were made meanwhile
	Answers int  // that were given within the window
	Refused int  // questions within the window, or failed
}

func (f apiFigures) round() int { return f.Pair }

// api measures pairs, of which every other one begins with the answers.
func (s *settings) api(ctx context.Context, lab *lab, report *report, round int) error {
	if !slices.Contains(s.Scenario, "api") {
		return nil
	}
	server := servers["ours"]
	server.command = openGatewayCommand
	target, err := lab.startServer(ctx, server)
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	defer target.stop()
	pairs := s.share(apiPairs)
	for i := range 2 * pairs {
		pair := round*pairs + i/2
		figures, err := lab.deliver(ctx, s.scaled(apiLoad), server, target, (i+pair)%2 == 1)
		if err != nil {
			return fmt.Errorf("api: %w", err)
		}
		figures.Pair, figures.Round = pair, round
		report.addAPI(os.Stderr, figures)
	}
	return nil
}

// openGatewayCommand is for a gateway that reads the past for everybody.
func openGatewayCommand(lab *lab, listen, admin string) []string {
	return append(limitedGatewayCommand(lab, listen, admin), "--history", "open")
}

// deliver measures deliveries, and has answers made meanwhile or not.
func (l *lab) deliver(ctx context.Context, load scenario, server server, target *running, asked bool) (figures apiFigures, err error) {
	figures.Asked = asked
	if !asked {
		figures.fanOutFigures, err = l.fanOutOn(ctx, load, server, target)
		return figures, err
	}
	asker, err := l.startAttacker(ctx, target, abuse{attack: answersAttack})
	if err != nil {
		return figures, err
	}
	defer asker.stop()
	if figures.fanOutFigures, err = l.fanOutOn(ctx, load, server, target, asker); err != nil {
		return figures, err
	}
	attacked, err := receiveAttacked(asker)
	figures.Answers, figures.Refused = attacked.Messages, attacked.Refused
	return figures, err
}

func (r *report) addAPI(progress io.Writer, f apiFigures) {
	r.API = append(r.API, f)
	fmt.Fprintf(progress, "round %d, api, %d answers, %d refused: p99 %.1f ms, %.1f µs a delivery, machine %.0f%% busy\n",
		f.Round+1, f.Answers, f.Refused, p99(f.fanOutFigures), f.MicrosEach, 100*f.Busy)
}

func (r *report) asked(asked bool) []apiFigures {
	return matching(r.API, func(f apiFigures) bool { return f.Asked == asked })
}

func (r *report) printAPI(to io.Writer) {
	if len(r.API) > 0 {
		fmt.Fprintln(to, "\nread API\tanswers\trefused\tp50 ms\tp99 ms\tCPU µs/delivery\tmissing\tmachine busy\t")
	}
	for _, asked := range []bool{false, true} {
		found := r.asked(asked)
		if len(found) == 0 {
			continue
		}
		answers, refused := countAnswers(found)
		fmt.Fprintf(to, "%s\t%d\t%d\t%.1f\t%.1f\t%.1f\t%d\t%.0f%%\t\n", map[bool]string{false: "without answers", true: "with answers"}[asked], answers, refused,
			medianOf(found, func(f apiFigures) float64 { return f.Received.P50.Seconds() * 1000 }),
			medianOf(found, apiP99),
			medianOf(found, func(f apiFigures) float64 { return f.MicrosEach }),
			missing(deliveriesOf(found)),
			medianOf(found, func(f apiFigures) float64 { return 100 * f.Busy }))
	}
	for _, f := range r.APIMemory {
		fmt.Fprintf(to, "\nread API, %d measurements, %d probes, %d connection events: %.1f MiB, %.1f MiB more with events and answers\n",
			f.Measurements, f.Probes, f.Events, f.Before/(1<<20), f.Added/(1<<20))
	}
}

func (r *report) apiBars() (bars []bar) {
	if with, without := r.asked(true), r.asked(false); len(with) > 0 && len(without) > 0 {
		bars = append(ratioBar("api: p99 latency while answers are made, to without", pairedRatios(with, without, apiP99), maxP99Times),
			newBar("api: questions without an answer, of all", unanswered(with), maxUnanswered, ""),
			newBar("api: deliveries that are missing or double", float64(missing(deliveriesOf(r.API))), 0, ""))
	}
	for _, f := range r.APIMemory {
		bars = append(bars, newBar("api: memory for connection events, outages and answers", f.Added/(1<<20), maxAddedBytes/(1<<20), "MiB"))
	}
	return bars
}

// unanswered is the part of the questions that got no answer: all of them, where none was asked.
func unanswered(figures []apiFigures) float64 {
	answers, refused := countAnswers(figures)
	if answers == 0 {
		return 1
	}
	return float64(refused) / float64(answers+refused)
}

func countAnswers(figures []apiFigures) (answers, refused int) {
	for _, f := range figures {
		answers += f.Answers
		refused += f.Refused
	}
	return answers, refused
}

func apiP99(f apiFigures) float64 { return p99(f.fanOutFigures) }

func deliveriesOf(figures []apiFigures) []fanOutFigures {
	deliveries := make([]fanOutFigures, len(figures))
	for i := range figures {
		deliveries[i] = figures[i].fanOutFigures
	}
	return deliveries
}
