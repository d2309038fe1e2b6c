package testcluster

import (
	"testing"

	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
)

// Brokers start a broker of each kind and return its addresses.
var Brokers = map[string]func(t *testing.T) []string{
	"embedded": func(t *testing.T) []string { return StartBroker(t, embedded.Config{}).Addrs() },
	"apache":   func(t *testing.T) []string { return kafkatest.Start(t, 1).Addrs() },
}

// StartBroker starts an embedded broker.
func StartBroker(t *testing.T, cfg embedded.Config) *embedded.Broker {
	t.Helper()
	broker, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	})
	return broker
}

// OpenLog opens the log on a broker, to write to it or to read from it past the services.
func OpenLog(t *testing.T, kafka []string) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: kafka}, zaptest.NewLogger(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}
