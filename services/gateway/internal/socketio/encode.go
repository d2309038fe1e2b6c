package socketio

import (
	"encoding/json"
	"strconv"

	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// message is the Engine.IO packet type that every Socket.IO packet stands in.
const message = '4'

// EncodeEvent makes the packet of an event, 42["name",args…], which every client of a namespace can be sent, whatever its revision.
// Each argument is a JSON value in UTF-8.
func EncodeEvent(namespace, name string, args ...[]byte) *outbox.Message {
	size := len(`42,["",]`) + len(namespace) + len(name)
	for _, arg := range args {
		size += len(arg) + 1
	}
	text := append(startPacket(make([]byte, 0, size), kindEvent, namespace), '[')
	text = append(text, quote(name)...)
	for _, arg := range args {
		text = append(append(text, ','), arg...)
	}
	return outbox.Text(append(text, ']'))
}

func encodeAck(namespace string, id uint64, args [][]byte) *outbox.Message {
	text := append(strconv.AppendUint(startPacket(nil, kindAck, namespace), id, 10), '[')
	for i, arg := range args {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, arg...)
	}
	return outbox.Text(append(text, ']'))
}

// encodeConnect welcomes a client to a namespace; it learns the socket's ID in revision 4 of Engine.IO only.
func encodeConnect(revision engineio.Revision, namespace, id string) *outbox.Message {
	if revision == engineio.Revision3 {
		return outbox.Text(startPacket(nil, kindConnect, namespace))
	}
	return outbox.Text(append(append(append(startPacket(nil, kindConnect, namespace), `{"sid":`...), quote(id)...), '}'))
}

// encodeRefusal tells a client why it may not connect to a namespace.
func encodeRefusal(revision engineio.Revision, namespace, reason string) *outbox.Message {
	text := startPacket(nil, kindConnectError, namespace)
	if revision == engineio.Revision3 {
		return outbox.Text(append(text, quote(reason)...))
	}
	return outbox.Text(append(append(append(text, `{"message":`...), quote(reason)...), '}'))
}

func encodeDisconnect(namespace string) *outbox.Message {
	return outbox.Text(startPacket(nil, kindDisconnect, namespace))
}

func startPacket(text []byte, kind packetKind, namespace string) []byte {
	text = append(text, message, byte(kind))
	if namespace == mainNamespace {
		return text
	}
	return append(append(text, namespace...), ',')
}

func quote(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return quoted
}
