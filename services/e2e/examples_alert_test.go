package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An alert is raised by what the README posts, is over by what came in while the gateway was away, and begins anew where the cursor is gone.
func alertOfNode(t *testing.T, h *house) {
	const asn = 64510
	g := openSameAddress(t, h)
	e := startAlert(t, g, "node examples/node/alert.js", asn)
	postDisconnects(t, h, asn)
	e.expect(t, "ALERT AS64510: 3 probes are away: 11, 12, 14")
	g.stop()
	at := h.mustPostConnections(t, asn, "connect", 12)
	g.start(t, "")
	e.expect(t, at.Format("2006-01-02T15:04:05.000Z")+" over AS64510: 2 probes are away")
	e.awaitNote(t, "watching")
	g.stop()
	h.mustPostConnections(t, asn, "disconnect", 15)
	g.start(t, anotherKey)
	e.awaitNote(t, "is missing")
	e.awaitNote(t, "watching")
	h.mustPostConnections(t, asn, "disconnect", 16, 17)
	h.mustPostConnections(t, asn+1, "disconnect", 18)
	at = h.mustPostConnections(t, asn, "disconnect", 19)
	e.expect(t, at.Format("2006-01-02T15:04:05.000Z")+" ALERT AS64510: 3 probes are away: 16, 17, 19")
}

// Every disconnect is a line, once, whether the gateway was there or not. Where the cursor is gone, that is told.
func alertOfCurl(t *testing.T, h *house) {
	const asn = 64520
	g := openSameAddress(t, h)
	e := startAlert(t, g, "examples/curl/alert.sh", asn)
	g.stop() // before the first event has come
	postDisconnects(t, h, asn)
	g.start(t, "")
	for _, probe := range []int{11, 12, 14} {
		e.expect(t, fmt.Sprintf("probe %d of AS64520 is away", probe))
	}
	g.stop()
	at := h.mustPostConnections(t, asn, "disconnect", 15)
	h.mustPostConnections(t, asn, "connect", 11)
	g.start(t, "")
	e.expect(t, at.Format(time.RFC3339)+" probe 15 of AS64520 is away")
	e.awaitNote(t, "watching")
	g.stop()
	h.mustPostConnections(t, asn, "disconnect", 16)
	g.start(t, anotherKey)
	e.awaitNote(t, "[cursor_gone] ")
	h.mustPostConnections(t, asn+1, "disconnect", 17)
	at = h.mustPostConnections(t, asn, "disconnect", 18)
	e.expect(t, at.Format(time.RFC3339)+" probe 18 of AS64520 is away")
}

// startAlert starts the example for a network that no other test has, and waits until it is subscribed.
func startAlert(t *testing.T, gateway *sameAddress, begin string, asn int) *example {
	t.Helper()
	e := startExample(t, gateway.house, strings.Replace(exampleCommand(t, begin), "64500", fmt.Sprint(asn), 1))
	e.awaitNote(t, "watching")
	return e
}

// postDisconnects runs what the README says to be posted.
func postDisconnects(t *testing.T, h *house, asn int) {
	t.Helper()
	_, block, _ := strings.Cut(exampleREADME(t), "\n```\nfor probe in")
	block, _, found := strings.Cut(block, "\n```\n")
	if !found {
		t.Fatal("examples/README.md does not post any disconnect")
	}
	block = strings.NewReplacer("64500", fmt.Sprint(asn), "localhost:8081", h.ingest).Replace("for probe in" + block)
	command, kill := childCommand(t, "bash", "-euc", block)
	defer kill()
	if output, err := command.CombinedOutput(); err != nil || !strings.Contains(string(output), `"accepted":3,`) {
		t.Fatalf("%s\n%v\n%s", block, err, output)
	}
}

// mustPostConnections posts connection events, and gives their time.
func (h *house) mustPostConnections(t *testing.T, asn int, event string, probes ...int) (at time.Time) {
	t.Helper()
	at = time.Now().UTC().Truncate(time.Second)
	h.mustPostConnectionsOf(t, at, asn, event, probes...)
	return at
}

func (h *house) mustPostConnectionsOf(t *testing.T, at time.Time, asn int, event string, probes ...int) {
	t.Helper()
	var body bytes.Buffer
	for _, probe := range probes {
		fmt.Fprintf(&body, `{"type":"connection","event":%q,"prb_id":%d,"timestamp":%d,"controller":"ctr-ams01","asn":%d}`+"\n", event, probe, at.Unix(), asn)
	}
	response, err := http.Post("http://"+h.ingest+"/v1/probestatus", "application/x-ndjson", &body)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}
