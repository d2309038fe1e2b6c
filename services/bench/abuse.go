package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"atlasstream/services/bench/internal/talk"
)

// abuse is an attack from one address, within all limits, on a server that serves an honest client at another.
type abuse struct {
	attack     string  // of cmd/attacker
	unit       string  // in which it is measured
	mostMicros float64 // the bar
	rate       int     // results a second for the honest client, or from it
	run        func(ctx context.Context, l *lab, a abuse) (abuseFigures, error)
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

// takers are the clients of the attacker that take everything: nearly as many as an address may have.
const takers = 100

// hopsOfLoad makes the honest client's results long: an attack that looks into them costs by their length.
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
	Ratio      float64       // of CPU for a record of the honest client, with the attack to without; 0 if the clock could not tell
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
		abuse.rate = max(abuse.least(), s.share(abuse.rate))
		figures, err := abuse.run(ctx, lab, abuse)
		if err != nil {
			return fmt.Errorf("%s: %w", abuse.attack, err)
		}
		figures.Round, figures.Attack, figures.Unit = round, abuse.attack, abuse.unit
		report.addAbuse(os.Stderr, figures)
	}
	return nil
}

// abuseGateway has a gateway fan out to the honest client, first undisturbed and then under attack.
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

// abuseCollector has a collector take what the honest client posts, likewise.
func abuseCollector(ctx context.Context, l *lab, a abuse) (figures abuseFigures, err error) {
	collector, err := l.startCollector(ctx)
	if err != nil {
		return figures, err
	}
	defer collector.stop()
	before, err := l.takeInBeside(ctx, collector, a.rate)
	if err != nil {
		return figures, err
	}
	attacker, err := l.startAttacker(ctx, collector, a)
	if err != nil {
		return figures, err
	}
	defer attacker.stop()
	during, err := l.takeInBeside(ctx, collector, a.rate, attacker)
	if err != nil {
		return figures, err
	}
	figures = abuseFigures{Before: before.CPU, During: during.CPU, Missing: before.Load.Failed + during.Load.Failed, Busy: during.Busy}
	return l.finishAbuse(figures, a, attacker, before.Load.Records, during.Load.Records)
}

// takeInBeside posts to a collector that runs.
func (l *lab) takeInBeside(ctx context.Context, collector *running, rate int, others ...*process) (figures intakeFigures, err error) {
	poster, err := l.startPoster(ctx, collector, strconv.Itoa(rate))
	if err != nil {
		return figures, err
	}
	defer poster.stop()
	return l.measureIntake(ctx, "abuse", collector, poster, others...)
}

// startAttacker returns when all is prepared.
func (l *lab) startAttacker(ctx context.Context, target *running, a abuse) (*process, error) {
	attacker, err := l.start(ctx, l.program("attacker"), "--address", target.address, "--attack", a.attack)
	if err != nil {
		return nil, err
	}
	if err := attacker.hear(&talk.Progress{}); err != nil {
		attacker.stop()
		return nil, target.explain(err)
	}
	return attacker, nil
}

// finishAbuse hears what was sent, and works out the figures from the honest client's records before and during the attack.
func (l *lab) finishAbuse(f abuseFigures, a abuse, attacker *process, before, during int) (abuseFigures, error) {
	attacked, err := hearAttacked(attacker)
	if err != nil {
		return f, err
	}
	f.Units = attacked.Messages
	switch a.unit {
	case perRecord:
		f.Units = during
	case perDelivery:
		f.Units = during * takers
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

func hearAttacked(attacker *process) (attacked talk.Attacked, err error) {
	err = attacker.hear(&attacked)
	return attacked, err
}

// least is the least rate at which there is load.
func (a abuse) least() int {
	if a.unit == perBody {
		return 1000 // a batch of the poster
	}
	return 1
}
