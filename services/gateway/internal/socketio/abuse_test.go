package socketio

import (
	"runtime"
	"strings"
	"testing"

	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// mostKept is how many bytes of memory may be kept for each byte that a client has sent.
const mostKept = 4

// manyArguments is the longest event that is accepted, with the shortest possible arguments.
func manyArguments(start string) []byte {
	const most = 100_000
	return []byte(start + strings.Repeat(",0", (most-len(start)-1)/2) + "]")
}

// kept returns how many bytes of the heap are in use for what build makes.
func kept(build func() any) int64 {
	before := footprint.Heap()
	made := build()
	after := footprint.Heap()
	runtime.KeepAlive(made)
	return after - before
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// An event takes memory in proportion to its bytes, however many arguments it has, and so does one whose binary parts never arrive.
func TestAbuseManyArguments(t *testing.T) {
	const clients = 20
	for _, start := range []string{`2["x"`, `51-["x"`, `3["x"`, `61-["x"`} {
		for _, attachments := range []bool{false, true} {
			server := &Server{cfg: Config{Attachments: attachments}.withDefaults(), handler: ignoreAll{}}
			got := kept(func() any {
				var connections []*connection
				for range clients {
					c := &connection{server: server, sockets: []*Socket{{namespace: "/"}}}
					if err := c.Message(false, manyArguments(start)); err != nil {
						t.Fatal(err)
					}
					connections = append(connections, c)
				}
				return connections
			})
			if most := int64(clients * mostKept * len(manyArguments(start))); got > most {
				t.Errorf("%s…, attachments %v: %d clients keep %d bytes, want at most %d", start, attachments, clients, got, most)
			}
		}
	}
}

// The memory for handling a message is bounded as well.
func TestAbuseManyArgumentsAtOnce(t *testing.T) {
	text := manyArguments(`2["x"`)
	const times = 20
	got := allocated(func() {
		for range times {
			if _, err := decodePacket(text); err != nil {
				t.Fatal(err)
			}
		}
	}) / times
	if most := uint64(mostKept * len(text)); got > most {
		t.Errorf("%d bytes are allocated for an event of %d, want at most %d", got, len(text), most)
	}
}

// A server that reads no binary parts reports how many there are, and ignores them.
func TestAttachmentsAreDropped(t *testing.T) {
	server := serve(t, Config{})
	forBoth(t, func(t *testing.T, revision engineio.Revision) {
		client, _ := server.connectMain(t, revision)
		send(t, client, `451-["up",{"_placeholder":true,"num":0}]`)
		if event := next(t, server.events); event.Name != "up" || event.Dropped != 1 || event.Attachments != nil {
			t.Errorf("got %+v", event)
		}
		sendBinary(t, client, "\x04part")
		send(t, client, `42["message",1]`)
		expect(t, client, `42["message-back",1]`)
		next(t, server.events)
	})
}
