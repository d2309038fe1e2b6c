package engineio

import (
	"net/url"
	"slices"

	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
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
func (m payloadMode) form(packets []pollpayload.Packet) pollpayload.Form {
	switch {
	case m == modeRevision4:
		return pollpayload.Revision4
	case m == modeRevision3Binary, m == modeRevision3Either && slices.ContainsFunc(packets, func(p pollpayload.Packet) bool { return p.Binary }):
		return pollpayload.Revision3Binary
	default:
		return pollpayload.Revision3Text
	}
}

// detectForm returns the form of a client's body, by its first byte: text begins with a digit. Clients send wrong content types.
func detectForm(revision Revision, body []byte) pollpayload.Form {
	switch {
	case revision == Revision4:
		return pollpayload.Revision4
	case len(body) > 0 && body[0] <= 1:
		return pollpayload.Revision3Binary
	default:
		return pollpayload.Revision3Text
	}
}

// size returns the most bytes that a packet takes in a body.
func (m payloadMode) size(packet pollpayload.Packet) int {
	if m == modeRevision3Either {
		return max(pollpayload.Size(pollpayload.Revision3Text, packet), pollpayload.Size(pollpayload.Revision3Binary, packet))
	}
	return pollpayload.Size(m.form(nil), packet)
}

func contentType(form pollpayload.Form) string {
	if form == pollpayload.Revision3Binary {
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}

// pollingPacket returns a queued message without its WebSocket frame.
func pollingPacket(revision Revision, message *wsframe.Message) pollpayload.Packet {
	packet := pollpayload.Packet{Binary: message.Binary(), Data: message.Payload()}
	if packet.Binary && revision == Revision3 {
		packet.Data = packet.Data[1:] // binaryMessage
	}
	return packet
}
