package engineio

import (
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	transportPolling   = "polling"
	transportWebSocket = "websocket"
)

// handshake is what a request says in its query.
type handshake struct {
	transport string
	sessionID string // empty for a new session, which the rest is about
	revision  Revision
	bodies    bodies // for polling
}

// parseHandshake asks for the revision in a session's first request only, as the reference server does: it cannot change later.
func (c *Config) parseHandshake(r *http.Request) (handshake, *refusal) {
	query := r.URL.Query()
	shake := handshake{transport: query.Get("transport"), sessionID: query.Get("sid")}
	if shake.transport != transportPolling && shake.transport != transportWebSocket {
		return shake, unknownTransport(fmt.Sprintf("transport: got %.20q, want polling or websocket", shake.transport))
	}
	if shake.sessionID != "" {
		return shake, nil
	}
	revision, err := c.revisionOf(query)
	switch {
	case err != nil:
		return shake, unsupportedRevision(err.Error())
	case r.Method != http.MethodGet:
		return shake, badHandshakeMethod(r.Method)
	case revision == Revision3 && shake.transport == transportPolling && query.Has("j"):
		return shake, badRequest("j: JSONP is not served, want polling without it, or websocket")
	}
	shake.revision = revision
	shake.bodies = chooseBodies(revision, query)
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

// openText is the open packet, its type included.
func (s *Session) openText() []byte {
	cfg := &s.server.cfg
	open := openPacket{
		SessionID:    s.id,
		Upgrades:     []string{},
		PingInterval: cfg.PingInterval.Milliseconds(),
		PingTimeout:  cfg.PingTimeout.Milliseconds(),
	}
	if s.polling != nil {
		open.Upgrades = []string{transportWebSocket}
	}
	if s.revision == Revision4 {
		open.MaxPayload = cfg.MaxPayload
	}
	body, err := json.Marshal(open)
	if err != nil {
		panic(err) // numbers and strings always have a JSON form
	}
	return append([]byte{byte(packetOpen)}, body...)
}
