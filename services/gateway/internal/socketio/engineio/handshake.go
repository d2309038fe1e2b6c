package engineio

import (
	"encoding/json"
	"fmt"
	"net/http"

	"atlasstream/services/gateway/internal/outbox"
)

const transportWebSocket = "websocket"

// handshake is what a request says in its query.
type handshake struct {
	revision  Revision
	transport string
	sessionID string // empty for a new session
}

func parseHandshake(r *http.Request) (handshake, *refusal) {
	query := r.URL.Query()
	shake := handshake{transport: query.Get("transport"), sessionID: query.Get("sid")}
	if shake.transport != transportWebSocket {
		return shake, unknownTransport(fmt.Sprintf("transport: got %.20q, want websocket", shake.transport))
	}
	revision, err := parseRevision(query.Get("EIO"))
	if err != nil {
		return shake, unsupportedRevision(err.Error())
	}
	shake.revision = revision
	if shake.sessionID == "" && r.Method != http.MethodGet {
		return shake, badHandshakeMethod(r.Method)
	}
	return shake, nil
}

// openPacket is the first packet that a client receives; durations in milliseconds, MaxPayload in bytes.
type openPacket struct {
	SessionID    string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"`
	PingTimeout  int64    `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload,omitempty"` // not in revision 3
}

func (s *Session) openMessage() *outbox.Message {
	cfg := &s.server.cfg
	open := openPacket{
		SessionID:    s.id,
		Upgrades:     []string{},
		PingInterval: cfg.PingInterval.Milliseconds(),
		PingTimeout:  cfg.PingTimeout.Milliseconds(),
	}
	if s.revision == Revision4 {
		open.MaxPayload = cfg.MaxPayload
	}
	body, err := json.Marshal(open)
	if err != nil {
		panic(err) // numbers and strings always have a JSON form
	}
	return outbox.Text(append([]byte{byte(packetOpen)}, body...))
}
