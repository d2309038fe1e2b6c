package collector

import (
	"net/http"
	"strings"
	"testing"

	"atlasstream/pkg/eventlog"
)

// After the number of partitions of a topic changed, a running collector refuses all records and objects.
func TestPartitionsAreAddedToATopicOfACollector(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 4}})
	r.awaitReady(t)
	if err := b.AddPartitions(t.Context(), eventlog.ResultsTopic, 8); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return r.status(t) == http.StatusServiceUnavailable })
	want := eventlog.ResultsTopic + " has 8 partitions, and had 4"
	if words := r.unready(t); !strings.Contains(words, want) {
		t.Errorf("/readyz says %q, want %q", words, want)
	}
	for _, test := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/results", result(1)},
		{http.MethodPost, "/v1/probestatus", `{"type":"connection","event":"connect","prb_id":7,"timestamp":1426633200}`},
		{http.MethodPut, "/v1/probes", `{"id":7}`},
	} {
		await(t, func() bool { // the topics are looked at one after the other
			status, got, err := r.send(test.method, test.path, test.body)
			return err == nil && status == http.StatusServiceUnavailable && strings.Contains(got.Error, want)
		})
	}
	if got := stored(t, b.Addrs(), eventlog.ResultsTopic); len(got) > 0 {
		t.Errorf("the log has %d records that were refused", len(got))
	}
}

// unready returns what /readyz says.
func (r *running) unready(t *testing.T) string {
	t.Helper()
	_, body := get(t, http.DefaultClient, "http://"+r.admin+"/readyz")
	return body
}

// A collector that starts after the change notices it by the records.
func TestPartitionsWereAddedBeforeACollectorStarts(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 4}})
	r.awaitReady(t)
	if status, _, err := r.post("/v1/results", rows(t, "ping")); err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	if err := r.wait(); err != nil {
		t.Fatal(err)
	}
	if err := b.AddPartitions(t.Context(), eventlog.ResultsTopic, 64); err != nil {
		t.Fatal(err)
	}
	again := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 4}})
	const want = eventlog.ResultsTopic + " has 64 partitions, and the record with key "
	await(t, func() bool { return strings.Contains(again.unready(t), want) })
	if status, got, err := again.post("/v1/results", result(1)); err != nil || status != http.StatusServiceUnavailable || !strings.Contains(got.Error, want) {
		t.Errorf("got %d, %q, %v", status, got.Error, err)
	}
}

// A running collector recreates any topic that is deleted, and continues.
func TestDeletedTopicsAreRecreated(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 4}})
	r.awaitReady(t)
	for _, topic := range (TopicSettings{Partitions: 4}).topics() {
		if err := b.DeleteTopic(topic.Name); err != nil {
			t.Fatal(err)
		}
	}
	await(t, func() bool { return r.status(t) != http.StatusOK })
	r.awaitReady(t)
	for _, test := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/results", result(1)},
		{http.MethodPost, "/v1/probestatus", `{"type":"connection","event":"connect","prb_id":7,"timestamp":1426633200}`},
		{http.MethodPut, "/v1/probes", `{"id":7}`},
		{http.MethodPut, "/v1/measurements", `{"id":1001}`},
	} {
		if status, got, err := r.send(test.method, test.path, test.body); err != nil || status != http.StatusOK || got.Accepted != 1 {
			t.Errorf("%s: %d %+v, %v", test.path, status, got, err)
		}
	}
	log := openLog(t, b.Addrs())
	defer log.Close()
	if partitions, err := log.History().Partitions(t.Context(), eventlog.ResultsTopic); err != nil || partitions != 4 {
		t.Errorf("%d partitions, %v", partitions, err)
	}
}
