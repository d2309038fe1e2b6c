package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
)

// Outcome is an answer of the collector.
type Outcome struct {
	Accepted      int    `json:"accepted"`
	RejectedTotal int    `json:"rejected_total"`
	Error         string `json:"error"`
}

// Post sends results to the collector and returns its answer.
func (c *Cluster) Post(results ...[]byte) (status int, answer Outcome, err error) {
	body := bytes.NewReader(bytes.Join(results, []byte("\n")))
	response, err := http.Post("http://"+c.Ingest+"/v1/results", "application/x-ndjson", body)
	if err != nil {
		return 0, Outcome{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		err = fmt.Errorf("%s: %q: %w", response.Status, text, err)
	}
	return response.StatusCode, answer, err
}

// MustPost sends results that must all be accepted.
func (c *Cluster) MustPost(t *testing.T, results ...[]byte) {
	t.Helper()
	status, answer, err := c.Post(results...)
	if err != nil || status != http.StatusOK || answer.Accepted != len(results) {
		t.Fatalf("posting %d results: %d %+v %v", len(results), status, answer, err)
	}
}

// PostUntilAccepted posts results, as any producer would, until the collector acknowledges them. The collector may not be ready yet.
func (c *Cluster) PostUntilAccepted(results [][]byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*await.Patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		status, answer, err := c.Post(results...)
		switch {
		case err == nil && status == http.StatusOK && answer.Accepted == len(results):
			return nil
		case err == nil && status == http.StatusOK:
			return fmt.Errorf("accepted %d of %d results", answer.Accepted, len(results))
		case err == nil && status != http.StatusServiceUnavailable:
			return fmt.Errorf("posting: status %d, %+v", status, answer)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("posting: no acknowledgement: %d %+v %w", status, answer, err)
		}
	}
}

// MustPostUntilAccepted is PostUntilAccepted, and fails the test if that fails.
func (c *Cluster) MustPostUntilAccepted(t *testing.T, results [][]byte) {
	t.Helper()
	if err := c.PostUntilAccepted(results); err != nil {
		t.Fatal(err)
	}
}

// MustPostConnections posts connection events of probes in a network, with the current time, which it returns. An event is "connect" or "disconnect".
func (c *Cluster) MustPostConnections(t *testing.T, asn int, event string, probes ...int) (at time.Time) {
	t.Helper()
	at = time.Now().UTC().Truncate(time.Second)
	c.MustPostConnectionsAt(t, at, asn, event, probes...)
	return at
}

// MustPostConnectionsAt is MustPostConnections with another time.
func (c *Cluster) MustPostConnectionsAt(t *testing.T, at time.Time, asn int, event string, probes ...int) {
	t.Helper()
	var body bytes.Buffer
	for _, probe := range probes {
		fmt.Fprintf(&body, `{"type":"connection","event":%q,"prb_id":%d,"timestamp":%d,"controller":"ctr-ams01","asn":%d}`+"\n", event, probe, at.Unix(), asn)
	}
	response, err := http.Post("http://"+c.Ingest+"/v1/probestatus", "application/x-ndjson", &body)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}

// MustPut puts objects into the registry at a path: /v1/probes or /v1/measurements.
func (c *Cluster) MustPut(t *testing.T, path string, objects []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+c.Ingest+path, bytes.NewReader(objects))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer Outcome
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK || answer.RejectedTotal > 0 {
		t.Fatalf("status %d, %+v, %v", response.StatusCode, answer, err)
	}
}
