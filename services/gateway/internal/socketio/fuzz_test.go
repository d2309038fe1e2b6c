package socketio

import (
	"encoding/json"
	"testing"
)

var realPackets = []string{
	`0`, `0{"token":"x"}`, `0/ns?a=b,`, `1`, `1/ns,`,
	`2["atlas_subscribe",{"stream_type":"result","msm":1001}]`, `2/ns,17["atlas_unsubscribe",{"streamType":"result","msm":"1001"}]`,
	`3/ns,4[1,"2"]`, `4"Invalid namespace"`, `52-/ns,3["up",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, `61-5[]`,
	`518000000000000000000-["x"]`,
}

func FuzzDecodePacket(f *testing.F) {
	for _, text := range realPackets {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decodePacket(text)
		if err != nil {
			return
		}
		if p.attachments > maxAttachments || p.ackID > maxAckID || p.namespace == "" || p.namespace[0] != '/' {
			t.Fatalf("%q came out as %+v", text, p)
		}
		for _, part := range [][]byte{p.head[0], p.head[1], p.array, p.auth} {
			if part != nil && !json.Valid(part) {
				t.Fatalf("%q came out with %q, which is not JSON", text, part)
			}
		}
		if p.kind == kindEvent || p.kind == kindBinaryEvent {
			if _, err := p.event(nil); err != nil {
				t.Fatalf("%q is no event after all: %v", text, err)
			}
		}
	})
}

// FuzzConversation feeds any text and binary messages: none may make it panic, and attachments stay within their limits.
func FuzzConversation(f *testing.F) {
	for _, text := range realPackets {
		f.Add([]byte(text), []byte{1, 2, 3}, []byte(`2["next"]`))
	}
	f.Fuzz(func(t *testing.T, first, attachment, last []byte) {
		c := &connection{server: &Server{cfg: Config{Attachments: true}.withDefaults(), handler: ignoreAll{}}}
		c.sockets = []*Socket{{namespace: "/"}}
		for _, message := range []struct {
			binary bool
			data   []byte
		}{{false, first}, {true, attachment}, {true, attachment}, {false, last}} {
			if p, err := decodePacket(message.data); err == nil && p.kind == kindConnect && !message.binary {
				return // which needs a real session to answer
			}
			_ = c.Message(message.binary, message.data) // an error is as good as none
			if c.incomplete != nil && len(c.incomplete.attachments) >= c.incomplete.packet.attachments {
				t.Fatalf("waits for more although it has %d attachments", len(c.incomplete.attachments))
			}
		}
	})
}

// ignoreAll is a handler that accepts and ignores everything.
type ignoreAll struct{}

func (ignoreAll) Connect(*Socket) error      { return nil }
func (ignoreAll) Event(*Socket, Event)       {}
func (ignoreAll) Disconnect(*Socket, string) {}
