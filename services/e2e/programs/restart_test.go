package programs

import (
	"context"
	"math"
	"testing"

	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/standalone/stack"
)

// With a data folder, acknowledged results survive a restart. Without one, nothing does.
func TestDataSurvivesARestart(t *testing.T) {
	for name, test := range map[string]struct {
		dir   string
		count int
	}{
		"on disk":   {t.TempDir(), 950},
		"in memory": {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, stop := testcluster.StartStandalone(t, stack.Config{Data: test.dir})
			rows := sample.RealRows(t, "ping")
			cluster.MustPostUntilAccepted(t, rows)
			stop()
			restarted, _ := testcluster.StartStandalone(t, stack.Config{Data: test.dir})
			client := realclient.DialWebSocket(t, restarted)
			client.Subscribe(t, 1001)
			restarted.MustPostUntilAccepted(t, [][]byte{sample.Numbered(1001, 1)})
			client.Expect(t, `["atlas_result",{"msm_id":1001,"prb_id":1`)
			if count := countRecords(t, restarted.Kafka); count != test.count+1 {
				t.Errorf("the log has %d results, want %d", count, test.count+1)
			}
		})
	}
}

// countRecords reads the whole topic of results.
func countRecords(t *testing.T, kafka string) (count int) {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: []string{kafka}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for partition := range testcluster.Partitions {
		for _, err := range log.History().Range(context.Background(), eventlog.ResultsTopic, partition, 0, math.MaxInt64) {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
	}
	return count
}
