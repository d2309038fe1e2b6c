package eventlog_test

import (
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// registryDuring puts objects before, while and after disturb runs. No put may fail, and a registry that is read all the time must have all of them in
// the end.
func registryDuring(t *testing.T, f fixture, disturb func()) {
	registry := f.newRegistry(t, 1)
	registry.writer = f.newWriter(t, eventlog.WriterConfig{Timeout: patience})
	view := readRegistry(t, f.log, registry.topic)
	view.awaitCaughtUp(t)
	begun, disturbed := make(chan struct{}), make(chan struct{})
	var putting sync.WaitGroup
	putting.Go(func() {
		begin := sync.OnceFunc(func() { close(begun) })
		defer begin()
		for version, last := 0, 1<<30; version < last && !t.Failed(); version++ {
			registry.put(t, version, idsUpTo(20)...)
			if version == 20 {
				begin()
			}
			select {
			case <-disturbed:
				last = min(last, version+20)
			default:
			}
		}
	})
	<-begun
	disturb()
	close(disturbed)
	putting.Wait()
	view.await(t, registry.want)
}

func TestRegistryOverARestart(t *testing.T) {
	cfg := embedded.Config{Dir: t.TempDir()}
	broker := startEmbedded(t, cfg)
	registryDuring(t, newFixture(t, broker), func() {
		cfg.Listen = broker.Addrs()[0]
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
		startEmbedded(t, cfg)
	})
}

func TestRegistryOverCutConnections(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	registryDuring(t, newFixture(t, broker), func() {
		for range 5 {
			broker.Disconnect()
		}
	})
}

// A registry is read on, or again, whatever error a fetch fails with.
func TestRegistrySurvivesErrors(t *testing.T) {
	for _, answer := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.UnknownTopicOrPartition, kerr.OffsetOutOfRange, kerr.KafkaStorageError, kerr.UnknownServerError, kerr.OffsetNotAvailable,
	} {
		t.Run(answer.Message, func(t *testing.T) {
			broker := startEmbedded(t, embedded.Config{})
			registryDuring(t, newFixture(t, broker), func() {
				fault := broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: answer, Count: 3})
				if err := fault.Wait(within(t, patience), 3); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Reading ends at once, whatever Kafka does with the requests.
func TestRegistryEndsWhileKafkaHangs(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	f := newFixture(t, broker)
	registry := f.newRegistry(t, 2)
	var before time.Time
	t.Run("reading", func(t *testing.T) {
		readRegistry(t, f.log, registry.topic).awaitCaughtUp(t)
		broker.Hold(kmsg.Fetch)
		before = time.Now()
	})
	if took := time.Since(before); took > hungFetch {
		t.Errorf("took %s", took)
	}
}
