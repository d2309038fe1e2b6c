package kafkatest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Start starts a cluster with that many brokers for a test, which fails if Apache Kafka is not installed. The cluster is closed when the test ends; if
// the test has failed, the end of the brokers' logs is logged.
func Start(t testing.TB, brokers int) *Cluster {
	t.Helper()
	return StartWith(t, Config{Brokers: brokers})
}

// StartWith is Start with settings.
func StartWith(t testing.TB, config Config) *Cluster {
	t.Helper()
	cluster, err := StartCluster(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(cluster.Logs())
		}
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

const (
	shownBytes = 64 << 10
	shownLines = 40
)

// Logs returns the last lines of every broker's log.
func (c *Cluster) Logs() string {
	var logs strings.Builder
	for _, broker := range c.brokers {
		fmt.Fprintf(&logs, "--- broker %d, the end of its log:\n%s\n", broker.id, tail(broker.log()))
	}
	return logs.String()
}

func tail(path string) []byte {
	file, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.Split(bytes.TrimSpace(file[max(0, len(file)-shownBytes):]), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-shownLines):], []byte("\n"))
}
