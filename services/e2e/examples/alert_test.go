package examples

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/testcluster"
)

// What the README posts raises an alert; events that arrived while the gateway was down end it; if the cursor is gone, the example starts over.
func alertOfNode(t *testing.T, cluster *testcluster.Cluster) {
	const asn = 64510
	gateway := startRestartable(t, cluster)
	e := startAlert(t, gateway, "node examples/node/alert.js", asn)
	postDisconnects(t, cluster, asn)
	e.expect(t, "ALERT AS64510: 3 probes are away: 11, 12, 14")
	gateway.stop()
	at := cluster.MustPostConnections(t, asn, "connect", 12)
	gateway.start(t, "")
	e.expect(t, at.Format("2006-01-02T15:04:05.000Z")+" over AS64510: 2 probes are away")
	e.awaitStderr(t, "watching")
	gateway.stop()
	cluster.MustPostConnections(t, asn, "disconnect", 15)
	gateway.start(t, anotherKey)
	e.awaitStderr(t, "are missing")
	e.awaitStderr(t, "watching")
	cluster.MustPostConnections(t, asn, "disconnect", 16, 17)
	cluster.MustPostConnections(t, asn+1, "disconnect", 18)
	at = cluster.MustPostConnections(t, asn, "disconnect", 19)
	e.expect(t, at.Format("2006-01-02T15:04:05.000Z")+" ALERT AS64510: 3 probes are away: 16, 17, 19")
}

// Every disconnect is printed once, also those while the gateway was down. If the cursor is gone, the example says so.
func alertOfCurl(t *testing.T, cluster *testcluster.Cluster) {
	const asn = 64520
	gateway := startRestartable(t, cluster)
	e := startAlert(t, gateway, "examples/curl/alert.sh", asn)
	gateway.stop() // before the first event
	postDisconnects(t, cluster, asn)
	gateway.start(t, "")
	for _, probe := range []int{11, 12, 14} {
		e.expect(t, fmt.Sprintf("probe %d of AS64520 is away", probe))
	}
	gateway.stop()
	at := cluster.MustPostConnections(t, asn, "disconnect", 15)
	cluster.MustPostConnections(t, asn, "connect", 11)
	gateway.start(t, "")
	e.expect(t, at.Format(time.RFC3339)+" probe 15 of AS64520 is away")
	e.awaitStderr(t, "watching")
	gateway.stop()
	cluster.MustPostConnections(t, asn, "disconnect", 16)
	gateway.start(t, anotherKey)
	e.awaitStderr(t, "[cursor_gone] ")
	cluster.MustPostConnections(t, asn+1, "disconnect", 17)
	at = cluster.MustPostConnections(t, asn, "disconnect", 18)
	e.expect(t, at.Format(time.RFC3339)+" probe 18 of AS64520 is away")
}

// startAlert starts the example for a network that no other test uses, and waits until it is subscribed.
func startAlert(t *testing.T, gateway *restartableGateway, begin string, asn int) *example {
	t.Helper()
	e := startExample(t, gateway.Cluster, strings.Replace(exampleCommand(t, begin), "64500", fmt.Sprint(asn), 1))
	e.awaitStderr(t, "watching")
	return e
}

// postDisconnects runs the commands of the README that post disconnects.
func postDisconnects(t *testing.T, cluster *testcluster.Cluster, asn int) {
	t.Helper()
	_, block, _ := strings.Cut(exampleREADME(t), "\n```\nfor probe in")
	block, _, found := strings.Cut(block, "\n```\n")
	if !found {
		t.Fatal("examples/README.md does not post any disconnect")
	}
	block = strings.NewReplacer("64500", fmt.Sprint(asn), "localhost:8081", cluster.Ingest).Replace("for probe in" + block)
	command, kill := testcluster.ChildCommand(t, "bash", "-euc", block)
	defer kill()
	if output, err := command.CombinedOutput(); err != nil || !strings.Contains(string(output), `"accepted":3,`) {
		t.Fatalf("%s\n%v\n%s", block, err, output)
	}
}
