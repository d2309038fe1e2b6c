package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// aged makes a result of some time ago.
func aged(number int, age time.Duration) []byte {
	return fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d,"timestamp":%d,"type":"ping"}`, number, time.Now().Add(-age).Unix())
}

// A client that asks for the backlog gets what is recent, is told when it has it, and then whatever the log takes, however old.
func TestBacklogAtEveryDoor(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	const old = 3 * backlog
	h.mustPost(t, aged(1, old), aged(2, time.Second), aged(3, old), aged(4, backlog/2), aged(5, 0))
	lines := map[string]*line{}
	for _, entrance := range entrances {
		for parameters, gateway := range map[string]*house{`{"msm":1001,"sendBacklog":true}`: h, `{"msm":"1001","sendBacklog":"true","cursor":""}`: other} {
			lines[entrance.name+" "+parameters] = checkBacklog(t, entrance, gateway, parameters)
		}
	}
	h.mustPost(t, aged(6, old), aged(7, 0))
	for name, l := range lines {
		for _, number := range []int{6, 7} {
			if _, err := l.expect(fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// checkBacklog hears a backlog to its end, and gives the line on which more will come.
func checkBacklog(t *testing.T, e entrance, gateway *house, parameters string) *line {
	t.Helper()
	l := mustOpen(t, e, arrival{gateway: gateway.public, parameters: json.RawMessage(parameters)})
	if l.say != nil {
		if err := l.say("atlas_subscribe", json.RawMessage(parameters)); err != nil {
			t.Fatal(err)
		}
	}
	confirmed := l.mustExpect(t, `["atlas_subscribed",`)
	var cursor string
	for _, number := range []int{2, 4, 5} {
		cursor = l.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)).cursor()
		if number == 2 && cursor != "" {
			checkGoingOnInABacklog(t, e, gateway, cursor)
		}
	}
	l.mustExpect(t, fmt.Sprintf(`["atlas_backlog_sent",%s`, confirmed.payload))
	return l
}

// checkGoingOnInABacklog goes on behind a result of a backlog: whatever its age comes, and no word of the backlog's end.
func checkGoingOnInABacklog(t *testing.T, e entrance, gateway *house, cursor string) {
	t.Helper()
	parameters := mustJSON(map[string]any{"msm": 1001, "sendBacklog": true, "cursor": cursor})
	l := mustSubscribe(t, e, arrival{gateway: gateway.public, parameters: parameters})
	defer l.close()
	for _, number := range []int{3, 4, 5} {
		l.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
	}
	if l.say == nil {
		return
	}
	if err := l.say("atlas_unsubscribe", parameters); err != nil {
		t.Fatal(err)
	}
	l.mustExpect(t, `["atlas_unsubscribed",`) // so nothing came between
}

// Where there is nothing recent, that is all that is told.
func TestEmptyBacklog(t *testing.T) {
	t.Parallel()
	h, _ := openPair(t)
	l := mustSubscribe(t, webSocket, arrival{gateway: h.public, parameters: json.RawMessage(`{"msm":1001,"sendBacklog":true,"buffering":true}`)})
	l.mustExpect(t, `["atlas_backlog_sent",{"msm":1001,"sendBacklog":true,"buffering":true}`)
	h.mustPost(t, numbered(1001, 1))
	l.mustExpect(t, `["atlas_result",[{"msm_id":1001,"prb_id":1,`)
}

// Connection events have a backlog too.
func TestBacklogOfConnections(t *testing.T) {
	t.Parallel()
	h, _ := openPair(t)
	connectionCursor(t, h) // so that the live feed has passed the event
	for event, stream := range map[string]string{"atlas_probestatus": `"stream_type":"probestatus"`, "atlas_result": `"msm":7000`} {
		parameters := fmt.Sprintf(`{%s,"sendBacklog":true}`, stream)
		l := mustSubscribe(t, webSocket, arrival{gateway: h.public, parameters: json.RawMessage(parameters)})
		l.mustExpect(t, fmt.Sprintf(`[%q,{"type":"connection","event":"connect","prb_id":1,`, event))
		l.mustExpect(t, `["atlas_backlog_sent",`+parameters)
	}
}
