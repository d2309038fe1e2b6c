package engineio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

const (
	namePolling   = "polling"
	nameWebSocket = "websocket"
)

// handshake is the query of a request.
type handshake struct {
	transport string
	sessionID string // empty for a new session, which the following fields are for
	revision  Revision
	mode      payloadMode // for polling
}

// parseHandshake reads the revision from a session's first request only, as the reference server does: it cannot change later.
func (c *Config) parseHandshake(r *http.Request) (handshake, *refusal) {
	query := r.URL.Query()
	shake := handshake{transport: query.Get("transport"), sessionID: query.Get("sid")}
	if shake.transport != namePolling && shake.transport != nameWebSocket {
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
	case revision == Revision3 && shake.transport == namePolling && query.Has("j"):
		return shake, badRequest("j: JSONP is not served, want polling without it, or websocket")
	}
	shake.revision = revision
	shake.mode = choosePayloadMode(revision, query)
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

// openText returns the open packet with its type.
func (s *Session) openText() []byte {
	cfg := &s.server.cfg
	open := openPacket{
		SessionID:    s.id,
		Upgrades:     []string{},
		PingInterval: cfg.PingInterval.Milliseconds(),
		PingTimeout:  cfg.PingTimeout.Milliseconds(),
	}
	if s.polling != nil {
		open.Upgrades = []string{nameWebSocket}
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

// Revision is a revision of the Engine.IO protocol, as a client names it in the query parameter EIO.
type Revision byte

// The supported revisions.
const (
	Revision3 Revision = 3 // Socket.IO 1.x and 2.x: the client pings
	Revision4 Revision = 4 // Socket.IO 3.x and 4.x: the server pings
)

// revisionOf returns the revision that a session's first request asks for.
func (c *Config) revisionOf(query url.Values) (Revision, error) {
	eio := query.Get("EIO")
	switch {
	case eio == "3":
		return Revision3, nil
	case eio == "4":
		return Revision4, nil
	case !query.Has("EIO") && c.UnnamedRevision != 0:
		return c.UnnamedRevision, nil
	}
	return 0, fmt.Errorf("EIO: got %.20q, want 3 or 4", eio)
}
