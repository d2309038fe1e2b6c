package resume

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// aged makes a result of some time ago.
func aged(number int, age time.Duration) []byte {
	return fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d,"timestamp":%d,"type":"ping"}`, number, time.Now().Add(-age).Unix())
}

// A client that asks for the backlog receives recent results, the end of the backlog, and then every new result, however old.
func TestBacklogOnEveryTransport(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	const recent, old = 5 * time.Minute, 15 * time.Minute
	cluster.MustPost(t, aged(1, old), aged(2, time.Second), aged(3, old), aged(4, recent/2), aged(5, 0))
	conns := map[string]*connection.Connection{}
	for _, transport := range connection.Transports {
		for parameters, gateway := range map[string]*testcluster.Cluster{`{"msm":1001,"sendBacklog":true}`: cluster, `{"msm":"1001","sendBacklog":"true","cursor":""}`: other} {
			conns[transport.Name+" "+parameters] = checkBacklog(t, transport, gateway, parameters)
		}
	}
	cluster.MustPost(t, aged(6, old), aged(7, 0))
	for name, conn := range conns {
		for _, number := range []int{6, 7} {
			if _, err := conn.Expect(fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// checkBacklog receives a backlog to its end and returns the connection, on which live results will arrive.
func checkBacklog(t *testing.T, transport connection.Transport, gateway *testcluster.Cluster, parameters string) *connection.Connection {
	t.Helper()
	conn := connection.MustOpen(t, transport, connection.Options{Gateway: gateway.Public, Parameters: json.RawMessage(parameters)})
	if conn.Send != nil {
		if err := conn.Send("atlas_subscribe", json.RawMessage(parameters)); err != nil {
			t.Fatal(err)
		}
	}
	confirmed := conn.MustExpect(t, `["atlas_subscribed",`)
	var cursor string
	for _, number := range []int{2, 4, 5} {
		cursor = conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)).Cursor()
		if number == 2 && cursor != "" {
			checkResumeInBacklog(t, transport, gateway, cursor)
		}
	}
	conn.MustExpect(t, fmt.Sprintf(`["atlas_backlog_sent",%s`, confirmed.Payload))
	return conn
}

// checkResumeInBacklog resumes after a result of a backlog: results of any age arrive, and the end of the backlog is not announced.
func checkResumeInBacklog(t *testing.T, transport connection.Transport, gateway *testcluster.Cluster, cursor string) {
	t.Helper()
	parameters := sample.JSON(map[string]any{"msm": 1001, "sendBacklog": true, "cursor": cursor})
	conn := connection.MustSubscribe(t, transport, connection.Options{Gateway: gateway.Public, Parameters: parameters})
	defer conn.Close()
	for _, number := range []int{3, 4, 5} {
		conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
	}
	if conn.Send == nil {
		return
	}
	if err := conn.Send("atlas_unsubscribe", parameters); err != nil {
		t.Fatal(err)
	}
	conn.MustExpect(t, `["atlas_unsubscribed",`) // nothing arrived before it
}

// Without recent results only the end of the backlog is announced.
func TestEmptyBacklog(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartPair(t)
	conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(`{"msm":1001,"sendBacklog":true,"buffering":true}`)})
	conn.MustExpect(t, `["atlas_backlog_sent",{"msm":1001,"sendBacklog":true,"buffering":true}`)
	cluster.MustPost(t, sample.Numbered(1001, 1))
	conn.MustExpect(t, `["atlas_result",[{"msm_id":1001,"prb_id":1,`)
}

// Connection events have a backlog too.
func TestBacklogOfConnections(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartPair(t)
	connectionCursor(t, cluster) // so that the live tail has passed the event
	for event, stream := range map[string]string{"atlas_probestatus": `"stream_type":"probestatus"`, "atlas_result": `"msm":7000`} {
		parameters := fmt.Sprintf(`{%s,"sendBacklog":true}`, stream)
		conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(parameters)})
		conn.MustExpect(t, fmt.Sprintf(`[%q,{"type":"connection","event":"connect","prb_id":1,`, event))
		conn.MustExpect(t, `["atlas_backlog_sent",`+parameters)
	}
}
