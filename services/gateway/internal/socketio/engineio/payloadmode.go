package engineio

import (
	"net/url"
	"slices"

	"atlasstream/services/gateway/internal/socketio/engineio/payload"
	"atlasstream/services/gateway/internal/wsframe"
)

// payloadMode is the form of the bodies that a polling client reads.
type payloadMode byte

const (
	modeRevision4       payloadMode = iota
	modeRevision3Text               // of revision 3
	modeRevision3Binary             // of revision 3
	modeRevision3Either             // text unless there is a binary message, as the reference server sends
)

// choosePayloadMode finds out from the first request of a session what its client reads. In revision 3, a client that asks for base64 reads text only.
// ripe.atlas.cousteau up to 1.4.2 reads binary bodies only, without saying so; but like all real clients, which read both then, it has the time as parameter t.
func choosePayloadMode(revision Revision, query url.Values) payloadMode {
	switch {
	case revision == Revision4:
		return modeRevision4
	case query.Get("b64") != "":
		return modeRevision3Text
	case query.Has("t"):
		return modeRevision3Binary
	default:
		return modeRevision3Either
	}
}

// form returns the form of a body with these packets.
func (m payloadMode) form(packets []payload.Packet) payload.Form {
	switch {
	case m == modeRevision4:
		return payload.Revision4
	case m == modeRevision3Binary, m == modeRevision3Either && slices.ContainsFunc(packets, func(p payload.Packet) bool { return p.Binary }):
		return payload.Revision3Binary
	default:
		return payload.Revision3Text
	}
}

// detectForm returns the form of a client's body, by its first byte: text begins with a digit. Clients send wrong content types.
func detectForm(revision Revision, body []byte) payload.Form {
	switch {
	case revision == Revision4:
		return payload.Revision4
	case len(body) > 0 && body[0] <= 1:
		return payload.Revision3Binary
	default:
		return payload.Revision3Text
	}
}

// size returns the most bytes that a packet takes in a body.
func (m payloadMode) size(packet payload.Packet) int {
	if m == modeRevision3Either {
		return max(payload.Size(payload.Revision3Text, packet), payload.Size(payload.Revision3Binary, packet))
	}
	return payload.Size(m.form(nil), packet)
}

func contentType(form payload.Form) string {
	if form == payload.Revision3Binary {
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}

// pollingPacket returns a queued message without its WebSocket frame.
func pollingPacket(revision Revision, message *wsframe.Message) payload.Packet {
	packet := payload.Packet{Binary: message.Binary(), Data: message.Payload()}
	if packet.Binary && revision == Revision3 {
		packet.Data = packet.Data[1:] // binaryMessage
	}
	return packet
}
