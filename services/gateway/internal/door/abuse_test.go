package door

import (
	"runtime"
	"strings"
	"testing"
)

// A message of the plain WebSocket costs what it weighs on the wire, however many arguments it has.
func TestAbuseManyArguments(t *testing.T) {
	const most = 4
	message := []byte(`["atlas_subscribe"` + strings.Repeat(",0", 49_990) + "]")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := parseEvent(false, message); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > uint64(most*len(message)) {
		t.Errorf("%d bytes are allocated for a message of %d", got, len(message))
	}
}

// Nothing of ours has binary parts, so whoever sends some is told so.
func TestBinaryPartsAreRefused(t *testing.T) {
	house := open(t, plan{})
	client, _ := house.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	say(t, client, "40")
	expect(t, client, `40{"sid":`)
	say(t, client, `451-["atlas_subscribe",{"msm":{"_placeholder":true,"num":0}}]`)
	expect(t, client, `42["atlas_error","[malformed] binary parts: got 1, want none, as parameters are JSON"]`)
	say(t, client, `42["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001}]`)
}
