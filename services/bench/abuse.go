package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"atlasstream/services/bench/internal/ipc"
)

// abuse is an attack from one address, within all limits, on a server that also serves an honest client at another.
type abuse struct {
	attack    string  // of cmd/attacker
	unit      string  // in which it is measured
	maxMicros float64 // the bar
	rate      int     // results a second for the honest client, or from it
	run       func(ctx context.Context, l *lab, a abuse) (abuseFigures, error)
}

// The units: what the honest client receives anyway, or what the attacker sends.
const (
	perRecord   = "record"
	perDelivery = "delivery"
	perMessage  = "message"
	perBody     = "body"
)

var abuses = []abuse{
	{"acceptedFields of one client's subscriptions", perRecord, 1000, 20, abuseGateway},
	{"acceptedFields of many clients", perRecord, 1000, 20, abuseGateway},
	{"conditions that fail", perRecord, 1000, 20, abuseGateway},
	{"clients that take everything", perDelivery, 25, 20, abuseGateway},
	{"long acknowledgements", perMessage, 500, 20, abuseGateway},
	{"pings", perMessage, 20, 20, abuseGateway},
	{"backlogs", perMessage, 500, 20, abuseGateway},
	{"compressed empty records", perBody, 50_000, 2000, abuseCollector},
}

// fullSubscribers are the clients of the attacker that receive everything: nearly as many as an address may have.
const fullSubscribers = 100

// hopsOfLoad makes the honest client's results long, as the cost of conditions on them depends on their length.
const hopsOfLoad = 60

// abuseFigures is one measurement of an attack.
type abuseFigures struct {
	Round      int
	Attack     string
	Unit       string
	Units      int           // within the window of the attack
	Before     time.Duration // CPU of the server within a window without the attack
	During     time.Duration // and within one with it
	MicrosEach float64       // of the difference, for each unit
	Ratio      float64       // of CPU for a record of the honest client, with the attack to without; 0 if too short to measure
	Cores      float64       // processors that the attack keeps busy
	Missing    int           // results that the honest client did not get, or got twice, or that the collector did not take from it
	Busy       float64       // share of the machine's processors that was busy, from 0 to 1
}

// abuse measures every attack in turn.
func (s *settings) abuse(ctx context.Context, lab *lab, report *report, round int) error {
	if !slices.Contains(s.Scenario, "abuse") {
		return nil
	}
	for _, abuse := range abuses {
		if len(s.Attacks) > 0 && !slices.Contains(s.Attacks, abuse.attack) {
			continue
		}
		abuse.rate = max(abuse.minRate(), s.share(abuse.rate))
		figures, err := abuse.run(ctx, lab, abuse)
		if err != nil {
			return fmt.Errorf("%s: %w", abuse.attack, err)
		}
		figures.Round, figures.Attack, figures.Unit = round, abuse.attack, abuse.unit
		report.addAbuse(os.Stderr, figures)
	}
	return nil
}

// abuseGateway measures the fan-out of a gateway to the honest client, first without and then with the attack.
func abuseGateway(ctx context.Context, l *lab, a abuse) (figures abuseFigures, err error) {
	server := servers["ours"]
	server.command = limitedGatewayCommand
	target, err := l.startServer(ctx, server)
	if err != nil {
		return figures, err
	}
	defer target.stop()
	load := scenario{Name: "abuse", Clients: 1, Measurements: 1, Rate: a.rate, Hops: hopsOfLoad}
	before, err := l.fanOutOn(ctx, load, server, target)
	if err != nil {
		return figures, err
	}
	attacker, err := l.startAttacker(ctx, target, a)
	if err != nil {
		return figures, err
	}
	defer attacker.stop()
	during, err := l.fanOutOn(ctx, load, server, target, attacker)
	if err != nil {
		return figures, err
	}
	figures = abuseFigures{Before: before.CPU, During: during.CPU, Missing: missing([]fanOutFigures{before, during}), Busy: during.Busy}
	return l.finishAbuse(figures, a, attacker, before.Load.Records, during.Load.Records)
}

// abuseCollector measures a collector that takes the posts of the honest client, likewise.
func abuseCollector(ctx context.Context, l *lab, a abuse) (figures abuseFigures, err error) {
	collector, err := l.startCollector(ctx)
	if err != nil {
		return figures, err
	}
	defer collector.stop()
	before, err := l.ingestBeside(ctx, collector, a.rate)
	if err != nil {
		return figures, err
	}
	attacker, err := l.startAttacker(ctx, collector, a)
	if err != nil {
		return figures, err
	}
	defer attacker.stop()
	during, err := l.ingestBeside(ctx, collector, a.rate, attacker)
	if err != nil {
		return figures, err
	}
	figures = abuseFigures{Before: before.CPU, During: during.CPU, Missing: before.Load.Failed + during.Load.Failed, Busy: during.Busy}
	return l.finishAbuse(figures, a, attacker, before.Load.Records, during.Load.Records)
}

// ingestBeside posts to a collector that runs.
func (l *lab) ingestBeside(ctx context.Context, collector *running, rate int, others ...*process) (figures ingestFigures, err error) {
	poster, err := l.startPoster(ctx, collector, strconv.Itoa(rate))
	if err != nil {
		return figures, err
	}
	defer poster.stop()
	return l.measureIngest(ctx, "abuse", collector, poster, others...)
}

// startAttacker returns once the attack is prepared.
func (l *lab) startAttacker(ctx context.Context, target *running, a abuse) (*process, error) {
	attacker, err := l.start(ctx, l.program("attacker"), "--address", target.address, "--attack", a.attack)
	if err != nil {
		return nil, err
	}
	if err := attacker.receive(&ipc.Ready{}); err != nil {
		attacker.stop()
		return nil, target.explain(err)
	}
	return attacker, nil
}

// finishAbuse receives the count of what the attacker sent, and computes the figures from the honest client's records before and during the attack.
func (l *lab) finishAbuse(f abuseFigures, a abuse, attacker *process, before, during int) (abuseFigures, error) {
	attacked, err := receiveAttacked(attacker)
	if err != nil {
		return f, err
	}
	f.Units = attacked.Messages
	switch a.unit {
	case perRecord:
		f.Units = during
	case perDelivery:
		f.Units = during * fullSubscribers
	}
	undisturbed := f.Before.Seconds() / float64(max(1, before)) // for each record
	added := max(0, f.During.Seconds()-undisturbed*float64(during))
	f.MicrosEach = added * 1e6 / float64(max(1, f.Units))
	f.Cores = added / float64(l.settings.Seconds)
	if undisturbed > 0 {
		f.Ratio = f.During.Seconds() / float64(max(1, during)) / undisturbed
	}
	return f, nil
}

func receiveAttacked(attacker *process) (attacked ipc.Attacked, err error) {
	err = attacker.receive(&attacked)
	return attacked, err
}

// minRate is the least rate of results a second at which there is load.
func (a abuse) minRate() int {
	if a.unit == perBody {
		return 1000 // a batch of the poster
	}
	return 1
}

func (r *report) addAbuse(progress io.Writer, f abuseFigures) {
	r.Abuse = append(r.Abuse, f)
	fmt.Fprintf(progress, "round %d, %s: %.0f µs a %s, %.2f processors, machine %.0f%% busy\n", f.Round+1, f.Attack, f.MicrosEach, f.Unit, f.Cores, 100*f.Busy)
}

func (r *report) abuse(attack string) []abuseFigures {
	return matching(r.Abuse, func(f abuseFigures) bool { return f.Attack == attack })
}

func (r *report) printAbuse(to io.Writer) {
	if len(r.Abuse) == 0 {
		return
	}
	fmt.Fprintln(to, "\nattack\tCPU µs/unit\tunit\tunits\tprocessors\tCPU/record, to without\tmissing\tmachine busy\t")
	for _, abuse := range abuses {
		found := r.abuse(abuse.attack)
		if len(found) == 0 {
			continue
		}
		units := 0
		for _, f := range found {
			units += f.Units
		}
		fmt.Fprintf(to, "%s\t%.1f\t%s\t%d\t%.2f\t%.1f ×\t%d\t%.0f%%\t\n", abuse.attack,
			medianOf(found, abuseMicros), abuse.unit, units,
			medianOf(found, func(f abuseFigures) float64 { return f.Cores }),
			medianOf(found, func(f abuseFigures) float64 { return f.Ratio }),
			missed(found),
			medianOf(found, func(f abuseFigures) float64 { return 100 * f.Busy }))
	}
}

// abuseBars judge what an attack costs, and that the honest client was served beside it.
func (r *report) abuseBars() (bars []bar) {
	for _, abuse := range abuses {
		if found := r.abuse(abuse.attack); len(found) > 0 {
			bars = append(bars,
				newBar(fmt.Sprintf("abuse: CPU for a %s, %s", abuse.unit, abuse.attack), medianOf(found, abuseMicros), abuse.maxMicros, "µs"),
				newBar("abuse: results of others that are missing or double, "+abuse.attack, float64(missed(found)), 0, ""))
		}
	}
	return bars
}

func abuseMicros(f abuseFigures) float64 { return f.MicrosEach }

// missed counts over all rounds.
func missed(figures []abuseFigures) (count int) {
	for _, f := range figures {
		count += f.Missing
	}
	return count
}
