package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
)

// lab is where measurements take place: the programs, built, and a broker with the topics.
type lab struct {
	settings *settings
	dir      string // of the programs and their logs; removed in the end
	rows     string // directory of the real results
	node     string // directory of the server in Node
	pages    string // directory of what measures the pages
	broker   string // what the broker is
	kafka    string // its address
	stop     func()
}

func openLab(ctx context.Context, s *settings) (*lab, error) {
	dir, err := os.MkdirTemp("", "atlas-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{settings: s, dir: dir, stop: func() {}}
	if err := l.prepare(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) prepare(ctx context.Context) error {
	if err := errors.Join(l.findSources(ctx), l.build(ctx)); err != nil {
		return err
	}
	if slices.Contains(l.settings.Servers, "node") {
		if err := l.installNode(ctx); err != nil {
			return err
		}
	}
	if err := l.startBroker(ctx); err != nil {
		return err
	}
	return l.makeTopics(ctx)
}

func (l *lab) close() {
	l.stop()
	_ = os.RemoveAll(l.dir) // a temporary directory
}

func (l *lab) program(name string) string { return filepath.Join(l.dir, "bin", name) }

// findSources finds what is not built, in the modules of the workspace.
func (l *lab) findSources(ctx context.Context) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "atlasstream/pkg", "atlasstream/services/bench")
	output, err := list.Output()
	if err != nil {
		return fmt.Errorf("%s, which works within the repository: %w", strings.Join(list.Args, " "), err)
	}
	pkg, bench, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	l.rows, l.node, l.pages = filepath.Join(pkg, "atlas", "testdata"), filepath.Join(bench, "peers", "node"), filepath.Join(bench, "pages")
	return nil
}

// build builds whatever is measured, and what measures it.
func (l *lab) build(ctx context.Context) error {
	packages := []string{"atlasstream/services/gateway/cmd/...", "atlasstream/services/bench/cmd/...", "atlasstream/services/bench/peers/..."}
	if slices.ContainsFunc([]string{"collector", "abuse", "sources"}, func(of string) bool { return slices.Contains(l.settings.Scenario, of) }) {
		packages = append(packages, "atlasstream/services/collector/cmd/collector")
	}
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", filepath.Join(l.dir, "bin") + "/"}, packages...)...)
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, output)
	}
	return nil
}

// startBroker prefers Apache Kafka.
func (l *lab) startBroker(ctx context.Context) error {
	if l.settings.Broker == "embedded" {
		return l.startEmbedded(ctx)
	}
	err := l.startKafka(ctx)
	if errors.Is(err, kafkatest.ErrNotInstalled) && l.settings.Broker == "auto" {
		return l.startEmbedded(ctx)
	}
	return err
}

// startKafka starts it with Java's optimizing compiler, unlike tests do.
func (l *lab) startKafka(ctx context.Context) error {
	cluster, err := kafkatest.StartCluster(ctx, kafkatest.Config{
		Brokers: 1,
		JVM:     []string{"-Xms512m", "-Xmx1g", "-XX:+UseSerialGC", "-Xshare:auto"},
	})
	if err != nil {
		return err
	}
	l.broker, l.kafka = "Apache Kafka", strings.Join(cluster.Addrs(), ",")
	l.stop = func() { _ = cluster.Close() }
	return nil
}

func (l *lab) startEmbedded(ctx context.Context) error {
	broker, err := l.start(ctx, l.program("broker"))
	if err != nil {
		return err
	}
	l.stop = broker.stop
	var addresses []string
	if err := broker.receive(&addresses); err != nil {
		return err
	}
	l.broker, l.kafka = "the embedded broker", strings.Join(addresses, ",")
	return nil
}

func (l *lab) makeTopics(ctx context.Context) error {
	log, err := eventlog.Open(eventlog.Config{Brokers: strings.Split(l.kafka, ",")}, zap.NewNop(), nil)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // nothing was written
	if _, err := log.EnsureCursorKey(ctx, eventlog.KeysSpec()); err != nil {
		return err
	}
	return log.EnsureTopics(ctx, eventlog.ResultsSpec(partitions), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec())
}

// share is a tenth of an amount with --quick, but something of something.
func (s *settings) share(amount int) int {
	if s.Quick && amount > 0 {
		return max(1, amount/10)
	}
	return amount
}

// scaled is a scenario with the load that --quick allows.
func (s *settings) scaled(full scenario) scenario {
	reduced := full
	reduced.Clients, reduced.Measurements, reduced.Rate = s.share(full.Clients), s.share(full.Measurements), s.share(full.Rate)
	return reduced
}
