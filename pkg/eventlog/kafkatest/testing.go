package kafkatest

import "testing"

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
