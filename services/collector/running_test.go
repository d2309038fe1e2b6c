package collector

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/collector/internal/publish"
)

// running is a collector under test, at loopback addresses.
type running struct {
	http, grpc, admin string
	stop              context.CancelFunc
	ended             chan error
}

func run(t *testing.T, cfg Config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, ended: make(chan error, 1)}
	cfg.Listener, r.http = listen(t)
	cfg.GRPCListener, r.grpc = listen(t)
	cfg.AdminListener, r.admin = listen(t)
	go func() { r.ended <- Run(ctx, cfg) }()
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
		if r.ended != nil {
			if err := <-r.ended; err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

// wait stops the collector and returns what Run returned.
func (r *running) wait() error {
	r.stop()
	err := <-r.ended
	r.ended = nil
	return err
}

func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, listener.Addr().String()
}

func (r *running) awaitReady(t *testing.T) {
	t.Helper()
	await(t, func() bool { return r.status(t) == http.StatusOK })
}

func (r *running) status(t *testing.T) int {
	t.Helper()
	response, err := http.Get("http://" + r.admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// await fails the test unless the condition becomes true.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		<-time.After(10 * time.Millisecond)
	}
}

type answer struct {
	Error string
	publish.Outcome
}

func (r *running) post(path, body string) (status int, got answer, err error) {
	return r.send(http.MethodPost, path, body)
}

func (r *running) send(method, path, body string) (status int, got answer, err error) {
	request, err := http.NewRequest(method, "http://"+r.http+path, strings.NewReader(body))
	if err != nil {
		return 0, got, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, got, err
	}
	defer response.Body.Close()
	return response.StatusCode, got, json.NewDecoder(response.Body).Decode(&got)
}

func broker(t *testing.T, listen string) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Config{Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil && !errors.Is(err, embedded.ErrClosed) {
			t.Error(err)
		}
	})
	return b
}

// stored reads a whole topic.
func stored(t *testing.T, brokers []string, topic string) []atlas.Record {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: brokers}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	history := log.History()
	partitions, err := history.Partitions(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var records []atlas.Record
	for partition := range partitions {
		first, next, err := history.Bounds(t.Context(), topic, partition)
		if err != nil {
			t.Fatal(err)
		}
		for record, err := range history.Range(t.Context(), topic, partition, first, next) {
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, record)
		}
	}
	return records
}

const testdata = "../../pkg/atlas/testdata"

func rows(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(testdata, name+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func result(number int) string {
	return fmt.Sprintf(`{"msm_id":1001,"prb_id":%d,"timestamp":1426633200,"type":"ping"}`, number)
}
