package eventlog_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
)

// A topic whose leaders do not answer yet is worth a warning, unless it was just created.
func TestUnusableTopicIsLogged(t *testing.T) {
	broker := startEmbedded(t, embedded.Config{})
	core, logs := observer.New(zap.WarnLevel)
	log, err := eventlog.Open(eventlog.Config{Brokers: broker.Addrs()}, zap.New(core), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	spec := unusedSpec(t)
	for _, want := range []int{0, 1} { // it is made, and then is there
		fault := broker.Fault(embedded.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: 1})
		if err := log.EnsureTopics(within(t, patience), spec); err != nil {
			t.Fatal(err)
		}
		fault.Remove()
		if told := logs.FilterMessage("a topic cannot be used yet").Len(); told != want || logs.Len() != want {
			t.Errorf("%d warnings, want %d: %v", told, want, logs.TakeAll())
		}
	}
}
