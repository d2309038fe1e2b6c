package resume

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// A subscription to several measurements since a time delivers what came into the log since then, old results too, and ends with the last one of its limit, at every
// transport and gateway.
func TestListsSinceATime(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	result := func(measurement, probe int, age time.Duration) []byte {
		return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping"}`, measurement, probe, time.Now().Add(-age).Unix())
	}
	const recent, old = 5 * time.Minute, 20 * time.Minute
	cluster.MustPost(t, result(1001, 1, old), result(1001, 2, recent), result(1001, 3, old), result(1002, 1, old), result(1002, 2, recent), result(1003, 2, recent))
	since := time.Now().Add(-2 * recent).Unix()
	parameters := fmt.Appendf(nil, `{"msm":[1002,1001],"since":%d,"limit":5}`, since)
	var conns []*connection.Connection
	for _, transport := range connection.Transports {
		for _, gateway := range []*testcluster.Cluster{cluster, other} {
			conns = append(conns, connection.MustSubscribe(t, transport, connection.Options{Gateway: gateway.Public, Parameters: parameters}))
		}
	}
	before := make([][]string, len(conns))
	for i, conn := range conns {
		for range 3 {
			before[i] = append(before[i], conn.MustExpect(t, `["atlas_result",{"msm_id":`).String())
		}
	}
	cluster.MustPost(t, result(1002, 3, old), result(1003, 3, 0), result(1001, 4, 0), result(1001, 5, 0))
	for i, conn := range conns {
		got := before[i]
		for range 2 {
			got = append(got, conn.MustExpect(t, `["atlas_result",{"msm_id":`).String())
		}
		conn.MustExpect(t, `["atlas_unsubscribed",`)
		checkSince(t, got)
	}
	checkSinceRefused(t, cluster)
}

// checkSince expects five of the results, those of each measurement in the order of the log.
func checkSince(t *testing.T, got []string) {
	t.Helper()
	next := map[string][]string{"1001": {"2", "3", "4", "5"}, "1002": {"2", "3"}}
	for _, message := range got {
		_, rest, _ := strings.Cut(message, `"msm_id":`)
		measurement, rest, _ := strings.Cut(rest, `,"prb_id":`)
		probe, _, _ := strings.Cut(rest, ",")
		if wanted := next[measurement]; len(wanted) == 0 || wanted[0] != probe {
			t.Fatalf("received %s, want probe %s next of measurement %s", message, wanted, measurement)
		}
		next[measurement] = slices.Delete(next[measurement], 0, 1)
	}
}

func checkSinceRefused(t *testing.T, cluster *testcluster.Cluster) {
	t.Helper()
	for _, transport := range connection.Transports {
		parameters := fmt.Appendf(nil, `{"msm":1001,"since":%d}`, time.Now().Add(-2*time.Hour).Unix())
		status, words := connection.ExpectRefusal(t, transport, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(parameters)})
		if status != http.StatusBadRequest || !strings.HasPrefix(words, "[before_log] since: got ") {
			t.Errorf("%s: received %d %q", transport.Name, status, words)
		}
	}
}
