package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func topicsContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("a missing topic is created as described", func(t *testing.T) {
		spec := unusedSpec(t)
		spec.Partitions, spec.Retention = 3, 48*time.Hour
		for range 2 { // the second time it is there
			if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
				t.Fatal(err)
			}
			drift, err := f.log.ConfigDrift(within(t, patience), spec)
			if err != nil || len(drift) > 0 {
				t.Fatalf("got drift %v, error %v", drift, err)
			}
		}
		if partitions, err := f.log.History().Partitions(within(t, patience), spec.Name); err != nil || partitions != 3 {
			t.Errorf("got %d partitions, %v, want 3", partitions, err)
		}
	})
	t.Run("a wrong setting is reported and left", func(t *testing.T) {
		spec := unusedSpec(t)
		f.createForeignTopic(t, spec.Name, 2, map[string]string{"retention.ms": "604800000"})
		if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
			t.Fatal(err)
		}
		for range 2 { // it is still there after it was told
			drift, err := f.log.ConfigDrift(within(t, patience), spec)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]eventlog.Drift{}
			for _, setting := range drift {
				got[setting.Setting] = setting
			}
			if want := (eventlog.Drift{Topic: spec.Name, Setting: "retention.ms", Got: "604800000", Want: "-1"}); got["retention.ms"] != want {
				t.Errorf("got %v, want %v", got["retention.ms"], want)
			}
			if want := (eventlog.Drift{Topic: spec.Name, Setting: "partitions", Got: "2", Want: "8"}); got["partitions"] != want {
				t.Errorf("got %v, want %v", got["partitions"], want)
			}
			if _, deviates := got["cleanup.policy"]; deviates {
				t.Errorf("cleanup.policy is reported although it is right: %v", got)
			}
		}
	})
	t.Run("a description that Kafka refuses fails at once", func(t *testing.T) {
		for _, spec := range []eventlog.TopicSpec{{}, {Name: "x", Partitions: -1}, {Name: "not allowed!", Partitions: 1}} {
			if err := f.log.EnsureTopics(within(t, patience), spec); err == nil {
				t.Errorf("%+v was accepted", spec)
			}
		}
	})
	t.Run("a topic that another program creates is waited for", func(t *testing.T) {
		spec := unusedSpec(t)
		told := keepTopics(t, openLog(t, kafka, eventlog.Config{ExistingTopics: true}), spec)
		awaitTold(t, told, func(reason error) bool { return errors.Is(reason, eventlog.ErrNoTopic) })
		if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
			t.Fatal(err)
		}
		awaitTold(t, told, isUsable)
		f.deleteTopic(t, spec.Name)
		awaitTold(t, told, func(reason error) bool { return errors.Is(reason, eventlog.ErrNoTopic) })
		if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
			t.Fatal(err)
		}
		awaitTold(t, told, isUsable)
	})
	t.Run("brokers that are too few are waited for", func(t *testing.T) {
		spec := unusedSpec(t)
		spec.Replication = len(kafka.Addrs()) + 1
		told := keepTopics(t, f.log, spec)
		tooFew := func(reason error) bool {
			return reason != nil && strings.Contains(reason.Error(), fmt.Sprintf("a replication of %d, which", spec.Replication))
		}
		awaitTold(t, told, tooFew)
		f.createForeignTopic(t, spec.Name, int32(spec.Partitions), nil)
		awaitTold(t, told, isUsable)
	})
	t.Run("Check wants the configured topics", func(t *testing.T) {
		spec := unusedSpec(t)
		log := openLog(t, kafka, eventlog.Config{Topics: []string{spec.Name}})
		if err := log.Check(within(t, patience)); !errors.Is(err, eventlog.ErrNoTopic) {
			t.Errorf("got %v, want ErrNoTopic", err)
		}
		if err := log.EnsureTopics(within(t, patience), spec); err != nil {
			t.Fatal(err)
		}
		if err := log.Check(within(t, patience)); err != nil {
			t.Error(err)
		}
	})
}

func (f fixture) createForeignTopic(t testing.TB, name string, partitions int32, settings map[string]string) {
	t.Helper()
	request := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
	for setting, value := range settings {
		config := kmsg.NewCreateTopicsRequestTopicConfig()
		config.Name, config.Value = setting, new(value)
		topic.Configs = append(topic.Configs, config)
	}
	request.Topics, request.TimeoutMillis = append(request.Topics, topic), 10_000
	response, err := request.RequestWith(within(t, patience), f.foreign)
	if err != nil || response.Topics[0].ErrorCode != 0 {
		t.Fatalf("topic %s: %+v, %v", name, response, err)
	}
}

// keepTopics keeps topics until the test ends, and returns what is reported.
func keepTopics(t *testing.T, log *eventlog.Log, specs ...eventlog.TopicSpec) (told <-chan error) {
	t.Helper()
	reasons := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	var keeping sync.WaitGroup
	t.Cleanup(keeping.Wait)
	t.Cleanup(stop)
	keeping.Go(func() {
		tell := func(reason error) {
			select {
			case reasons <- reason:
			case <-ctx.Done():
			}
		}
		if err := log.KeepTopics(ctx, tell, specs...); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	return reasons
}

// awaitTold waits for a reason, or for nil.
func awaitTold(t *testing.T, told <-chan error, isWanted func(reason error) bool) {
	t.Helper()
	timeout, last := time.After(patience), error(nil)
	for {
		select {
		case last = <-told:
			if isWanted(last) {
				return
			}
		case <-timeout:
			t.Fatalf("told %v at last", last)
		}
	}
}

func isUsable(reason error) bool { return reason == nil }
