package engineio

import (
	"net/url"
	"slices"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio/payload"
)

// bodies is which bodies a client reads.
type bodies byte

const (
	bodiesRevision4 bodies = iota
	bodiesText             // of revision 3
	bodiesBinary           // of revision 3
	bodiesEither           // of revision 3: text until there is a binary message, which is what the reference server sends
)

// chooseBodies knows by the request that opens a session what its client reads. In revision 3, who asks for base64 reads text only. ripe.atlas.cousteau up
// to 1.4.2 reads binary bodies only, and never says so; like all real clients, which read both then, it adds the time as the parameter t.
func chooseBodies(revision Revision, query url.Values) bodies {
	switch {
	case revision == Revision4:
		return bodiesRevision4
	case query.Get("b64") != "":
		return bodiesText
	case query.Has("t"):
		return bodiesBinary
	default:
		return bodiesEither
	}
}

// form is that of a body with these packets.
func (b bodies) form(packets []payload.Packet) payload.Form {
	switch {
	case b == bodiesRevision4:
		return payload.Revision4
	case b == bodiesBinary, b == bodiesEither && slices.ContainsFunc(packets, func(p payload.Packet) bool { return p.Binary }):
		return payload.Revision3Binary
	default:
		return payload.Revision3Text
	}
}

// formOf is that of a body from a client. The first byte tells, as text begins with a digit; content types do not, since clients give the wrong ones.
func formOf(revision Revision, body []byte) payload.Form {
	switch {
	case revision == Revision4:
		return payload.Revision4
	case len(body) > 0 && body[0] <= 1:
		return payload.Revision3Binary
	default:
		return payload.Revision3Text
	}
}

// size is the most that a packet takes in a body.
func (b bodies) size(packet payload.Packet) int {
	if b == bodiesEither {
		return max(payload.Size(payload.Revision3Text, packet), payload.Size(payload.Revision3Binary, packet))
	}
	return payload.Size(b.form(nil), packet)
}

func contentType(form payload.Form) string {
	if form == payload.Revision3Binary {
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}

// pollingPacket is a message of the queue without what a WebSocket needs around it.
func pollingPacket(revision Revision, message *sendqueue.Message) payload.Packet {
	packet := payload.Packet{Binary: message.Binary(), Data: message.Payload()}
	if packet.Binary && revision == Revision3 {
		packet.Data = packet.Data[1:] // binaryMessage
	}
	return packet
}
