package socketio

import (
	"encoding/json"
	"strconv"

	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsframe"
)

// message is the type of the Engine.IO packets that carry Socket.IO packets.
const message = '4'

// EncodeEvent encodes an event as a packet, 42["name",args…], for any client of a namespace, whatever its revision.
// Each argument is a JSON value in UTF-8.
func EncodeEvent(namespace, name string, args ...[]byte) *wsframe.Message {
	size := len(`42,["",]`) + len(namespace) + len(name)
	for _, arg := range args {
		size += len(arg) + 1
	}
	text := startPacket(wsframe.Blank(size), kindEvent, namespace)
	return wsframe.Written(appendArray(text, quote(name), args))
}

func encodeAck(namespace string, id uint64, args [][]byte) *wsframe.Message {
	text := strconv.AppendUint(startPacket(nil, kindAck, namespace), id, 10)
	return wsframe.Text(appendArray(text, nil, args))
}

// encodeBinaryEvent encodes an event that is followed by attachments.
func encodeBinaryEvent(namespace, name string, attachments int, args [][]byte) *wsframe.Message {
	return wsframe.Text(appendArray(startBinaryPacket(kindBinaryEvent, namespace, attachments), quote(name), args))
}

func encodeBinaryAck(namespace string, id uint64, attachments int, args [][]byte) *wsframe.Message {
	text := strconv.AppendUint(startBinaryPacket(kindBinaryAck, namespace, attachments), id, 10)
	return wsframe.Text(appendArray(text, nil, args))
}

// appendArray appends a JSON array of a first value, if there is one, and others.
func appendArray(text, first []byte, others [][]byte) []byte {
	text = append(append(text, '['), first...)
	for i, value := range others {
		if i > 0 || first != nil {
			text = append(text, ',')
		}
		text = append(text, value...)
	}
	return append(text, ']')
}

// encodeConnect confirms the connection to a namespace. In revision 4 of Engine.IO it has the socket's ID, and the private ID if there is one.
func encodeConnect(revision engineio.Revision, namespace, id, privateID string) *wsframe.Message {
	text := startPacket(nil, kindConnect, namespace)
	if revision == engineio.Revision3 {
		return wsframe.Text(text)
	}
	text = append(append(text, `{"sid":`...), quote(id)...)
	if privateID != "" {
		text = append(append(text, `,"pid":`...), quote(privateID)...)
	}
	return wsframe.Text(append(text, '}'))
}

// encodeRefusal says why the connection to a namespace is refused.
func encodeRefusal(revision engineio.Revision, namespace, reason string) *wsframe.Message {
	text := startPacket(nil, kindConnectError, namespace)
	if revision == engineio.Revision3 {
		return wsframe.Text(append(text, quote(reason)...))
	}
	return wsframe.Text(append(append(append(text, `{"message":`...), quote(reason)...), '}'))
}

func encodeDisconnect(namespace string) *wsframe.Message {
	return wsframe.Text(startPacket(nil, kindDisconnect, namespace))
}

func startPacket(text []byte, kind packetKind, namespace string) []byte {
	return appendNamespace(append(text, message, byte(kind)), namespace)
}

func startBinaryPacket(kind packetKind, namespace string, attachments int) []byte {
	text := strconv.AppendInt([]byte{message, byte(kind)}, int64(attachments), 10)
	return appendNamespace(append(text, '-'), namespace)
}

func appendNamespace(text []byte, namespace string) []byte {
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
