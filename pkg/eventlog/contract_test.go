package eventlog_test

import (
	"testing"

	"atlasstream/pkg/eventlog/embedded"
)

// runContract proves what the package promises on any Kafka.
func runContract(t *testing.T, kafka cluster) {
	f := newFixture(t, kafka)
	for _, part := range []struct {
		name string
		run  func(*testing.T, fixture, cluster)
	}{
		{"Topics", topicsContract},
		{"Writer", writerContract},
		{"Tails", tailsContract},
		{"History", historyContract},
		{"Foreign", foreignContract},
		{"Measurement", measurementContract},
		{"Measurements", measurementsContract},
		{"Registry", registryContract},
		{"Compaction", compactionContract},
		{"CursorKey", cursorKeyContract},
		{"Layout", layoutContract},
		{"Transactions", transactionsContract},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, f, kafka) })
	}
}

func startEmbedded(t testing.TB, cfg embedded.Config) *embedded.Broker {
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

//notices:time-later-by-a-millisecond /^History$
//notices:reader-skips-read-ahead /^Measurements$
//notices:recreated-log-repeats /^Tails$/recreated
//notices:reader-without-horizon /^(Tails|Measurements?)$/
func TestContractEmbeddedInMemory(t *testing.T) {
	runContract(t, startEmbedded(t, embedded.Config{}))
}

func TestContractEmbeddedOnDisk(t *testing.T) {
	runContract(t, startEmbedded(t, embedded.Config{Dir: t.TempDir()}))
}

func TestContractEmbeddedOfThree(t *testing.T) {
	runContract(t, startEmbedded(t, embedded.Config{Nodes: 3}))
}
