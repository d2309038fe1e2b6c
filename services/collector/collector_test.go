package collector

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/service"
	ingestv1 "atlasstream/proto/ingest/v1"
)

const produce = 0 // Kafka's key of requests to append

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every real result that is posted over HTTP is in the log, unchanged, by its measurement, with its event time, and in the order of its measurement.
func TestRealRowsReachTheLog(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 4}})
	r.awaitReady(t)
	want := map[atlas.MeasurementID][]string{}
	for _, name := range []string{"dns", "http", "ntp", "ping", "sslcert", "traceroute", "wifi"} {
		text := rows(t, name)
		status, got, err := r.post("/v1/results", text)
		if err != nil || status != http.StatusOK || got.Accepted != strings.Count(text, "\n") || got.RejectedTotal != 0 {
			t.Fatalf("%s: got %d, %+v, %v", name, status, got, err)
		}
		for line := range strings.Lines(text) {
			event, err := atlas.ParseResult([]byte(strings.TrimSpace(line)))
			if err != nil {
				t.Fatal(err)
			}
			if values := want[event.Measurement]; !slices.Contains(values, string(event.Value)) {
				want[event.Measurement] = append(values, string(event.Value))
			}
		}
	}
	got := map[atlas.MeasurementID][]string{}
	for _, record := range stored(t, b.Addrs(), eventlog.ResultsTopic) {
		event, err := atlas.ParseResult(record.Value)
		if err != nil || event.Probe != record.Probe || !event.Time.Equal(record.Time) || event.ID != record.ID {
			t.Fatalf("stored %+v for %+v, %v", record, event, err)
		}
		got[record.Measurement] = append(got[record.Measurement], string(record.Value))
	}
	for measurement, values := range want {
		if !slices.Equal(got[measurement], values) {
			t.Errorf("measurement %d: stored %d results, want %d in their order", measurement, len(got[measurement]), len(values))
		}
	}
}

// A reader of a registry has the last version of each object that was put.
func TestRegistriesReachTheLog(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}})
	r.awaitReady(t)
	for _, test := range []struct {
		path, topic string
		bodies      []string
		want        map[int64]string
	}{
		{"/v1/probes", eventlog.ProbesTopic, []string{rows(t, "probes"), `{"id":227,"is_public":true}`}, map[int64]string{227: `{"id":227,"is_public":true}`}},
		{"/v1/measurements", eventlog.MeasurementsTopic, []string{`{"results":[{"id":5},{"id":6}]}`, `[{"id":6,"is_public":false}]`},
			map[int64]string{5: `{"id":5}`, 6: `{"id":6,"is_public":false}`}},
	} {
		for _, body := range test.bodies {
			status, got, err := r.send(http.MethodPut, test.path, body)
			if err != nil || status != http.StatusOK || got.RejectedTotal != 0 {
				t.Fatalf("%s: got %d, %+v, %v", test.path, status, got, err)
			}
		}
		registry := registered(t, b.Addrs(), test.topic)
		for id, want := range test.want {
			if registry[id] != want {
				t.Errorf("%s: got %d as %q, want %q", test.path, id, registry[id], want)
			}
		}
	}
}

func TestGRPCRecordsReachTheLog(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}})
	r.awaitReady(t)
	connection, err := grpc.NewClient(r.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	event := `{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200}`
	response, err := ingestv1.NewIngestServiceClient(connection).PublishProbeStatus(t.Context(), &ingestv1.PublishProbeStatusRequest{Events: [][]byte{[]byte(event)}})
	if err != nil || response.GetOutcome().GetAccepted() != 1 {
		t.Fatalf("got %v, %v", response, err)
	}
	if records := stored(t, b.Addrs(), eventlog.ProbeStatusTopic); len(records) != 1 || string(records[0].Value) != event {
		t.Errorf("stored %+v", records)
	}
}

// A collector that starts before Kafka refuses requests, and becomes ready once Kafka is reached.
func TestStartsBeforeKafka(t *testing.T) {
	free, err := kafkatest.FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	address := free[0]
	core, logs := observer.New(zap.InfoLevel)
	r := run(t, Config{Kafka: []string{address}, TopicSettings: TopicSettings{Partitions: 1}, Logger: zap.New(core)})
	if got := r.status(t); got != http.StatusServiceUnavailable {
		t.Errorf("without Kafka: readyz got %d", got)
	}
	status, got, err := r.post("/v1/results", result(1))
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(got.Error, "not connected yet") {
		t.Errorf("without Kafka: got %d, %+v, %v", status, got, err)
	}
	if status, _, err := r.send(http.MethodPut, "/v1/probes", `{"id":1}`); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("without Kafka, of a registry: got %d, %v", status, err)
	}
	if told := logs.FilterMessage("ready").Len(); told != 0 {
		t.Errorf("without Kafka: the log says %d times that it is ready", told)
	}
	broker(t, address)
	r.awaitReady(t)
	await(t, func() bool { return logs.FilterMessage("ready").Len() == 1 })
	if status, got, err := r.post("/v1/results", result(1)); err != nil || status != http.StatusOK || got.Accepted != 1 {
		t.Errorf("with Kafka: got %d, %+v, %v", status, got, err)
	}
}

// A request that runs when the collector stops gets its answer, and its records are in the log.
func TestStopFinishesWhatRuns(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}})
	r.awaitReady(t)
	release := b.Hold(produce)
	answered := make(chan error, 1)
	go func() {
		status, got, err := r.post("/v1/results", result(1))
		if status != http.StatusOK || got.Accepted != 1 {
			err = errors.Join(err, fmt.Errorf("got %d, %+v", status, got))
		}
		answered <- err
	}()
	await(t, func() bool { return strings.Contains(r.metrics(t), "atlas_collector_running_requests 1") })
	r.stop()
	await(t, func() bool {
		connection, err := net.Dial("tcp", r.http)
		if err == nil {
			connection.Close()
		}
		return err != nil
	})
	release()
	if err := errors.Join(<-answered, r.wait()); err != nil {
		t.Error(err)
	}
	if records := stored(t, b.Addrs(), eventlog.ResultsTopic); len(records) != 1 {
		t.Errorf("stored %d", len(records))
	}
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

func (r *running) metrics(t *testing.T) string {
	t.Helper()
	_, body := get(t, http.DefaultClient, "http://"+r.admin+"/metrics")
	return body
}

// The answer to a client and the stop are bounded even if Kafka does not answer.
func TestStopIsBounded(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}, StopTimeout: 8 * time.Second})
	r.awaitReady(t)
	defer b.Hold(produce)()
	answered := make(chan error, 1)
	go func() {
		_, _, err := r.post("/v1/results", result(1))
		answered <- err
	}()
	await(t, func() bool { return strings.Contains(r.metrics(t), "atlas_collector_running_requests 1") })
	began := time.Now()
	if err := r.wait(); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("got error %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if err := <-answered; err == nil {
		t.Error("the request that was cut off got an answer")
	}
}

// The bytes that wait for Kafka are bounded; beyond that, clients are told to retry.
func TestBackpressure(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}, WaitingBytes: 40_000})
	r.awaitReady(t)
	release := b.Hold(produce)
	first := make(chan error, 1)
	go func() {
		status, got, err := r.post("/v1/results", result(1))
		if status != http.StatusOK {
			err = errors.Join(err, fmt.Errorf("got %d, %+v", status, got))
		}
		first <- err
	}()
	await(t, func() bool { return !strings.Contains(r.metrics(t), "atlas_eventlog_append_waiting_bytes 0") })
	status, got, err := r.post("/v1/results", result(2)+"\n"+result(3))
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(got.Error, "too many bytes wait for Kafka") {
		t.Errorf("got %d, %+v, %v", status, got, err)
	}
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// Kafka has the append timeout to acknowledge a batch; then the client is told to retry.
func TestAppendTimeout(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}, AppendTimeout: 5 * time.Second})
	r.awaitReady(t)
	release := b.Hold(produce)
	status, got, err := r.post("/v1/results", result(1))
	release()
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(got.Error, "did not answer in time") {
		t.Errorf("got %d, %+v, %v", status, got, err)
	}
}

func TestConfigCheck(t *testing.T) {
	if err := (Config{Kafka: []string{"localhost:9092"}}).Check(); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		cfg  Config
		want []string
	}{
		{Config{}, []string{"brokers: none given"}},
		{Config{Proxies: service.Proxies{TrustedProxies: []string{"proxy"}, AddressHeader: "X Y"}}, []string{`trusted-proxies: trusted proxy: got "proxy"`, `address-header: address header: got "X Y"`}},
		{Config{TopicSettings: TopicSettings{Partitions: 100_000}}, []string{"partitions: got 100000, want at most 10000"}},
		{Config{MaxBody: -1, StopTimeout: -time.Second}, []string{"max-body: got -1", "stop-timeout: got -1"}},
		{Config{HistoryLateness: -time.Second}, []string{"history-lateness: got -1s, want 0 or more"}},
		{Config{Kafka: []string{"x"}, MaxRecord: 1 << 20}, []string{`brokers: got "x"`, "max-record: got 1048576, want 1024 to 995904"}},
		{Config{Kafka: []string{"x:1"}, MaxRecord: 1, MaxMessage: 10}, []string{"max-record: got 1, want 1024"}},
		{Config{Kafka: []string{"x:1"}, MaxMessage: 10, MaxBody: 20}, []string{"max-message: got 10, want at least max-record, 524288", "max-body: got 20"}},
		{Config{Kafka: []string{"x:1"}, Listen: ":1", Admin: "127.0.0.1:1", GRPC: "nowhere"}, []string{`grpc: got "nowhere", want host:port`, `admin: got "127.0.0.1:1", want another port than that of --listen`}},
		{Config{Kafka: []string{"x:1"}, ReadTimeout: math.MaxInt64, WaitingBytes: math.MaxInt64, MaxRequests: math.MaxInt}, []string{"read-timeout: got 2562047h47m16.854775807s, want at most 876000h", "waiting-bytes: got 9223372036854775807", "max-requests: got 9223372036854775807, want at most 2147483647"}},
	} {
		err := test.cfg.Check()
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: got %v, want %q", test.cfg, err, want)
			}
		}
	}
	if err := Run(t.Context(), Config{}); err == nil || !strings.HasPrefix(err.Error(), "collector settings: ") {
		t.Errorf("got %v", err)
	}
}

func TestAddressInUse(t *testing.T) {
	taken, address := listen(t)
	defer taken.Close()
	err := Run(t.Context(), Config{Kafka: []string{"127.0.0.1:1"}, Listen: "127.0.0.1:0", GRPC: address})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}
