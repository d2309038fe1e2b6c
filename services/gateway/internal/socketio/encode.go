package socketio

import (
	"encoding/json"
	"strconv"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// message is the Engine.IO packet type that every Socket.IO packet stands in.
const message = '4'

// EncodeEvent makes the packet of an event, 42["name",args…], which every client of a namespace can be sent, whatever its revision.
// Each argument is a JSON value in UTF-8.
func EncodeEvent(namespace, name string, args ...[]byte) *sendqueue.Message {
	size := len(`42,["",]`) + len(namespace) + len(name)
	for _, arg := range args {
		size += len(arg) + 1
	}
	text := startPacket(sendqueue.Blank(size), kindEvent, namespace)
	return sendqueue.Written(appendArray(text, quote(name), args))
}

func encodeAck(namespace string, id uint64, args [][]byte) *sendqueue.Message {
	text := strconv.AppendUint(startPacket(nil, kindAck, namespace), id, 10)
	return sendqueue.Text(appendArray(text, nil, args))
}

// encodeBinaryEvent makes the packet that so many attachments follow.
func encodeBinaryEvent(namespace, name string, attachments int, args [][]byte) *sendqueue.Message {
	return sendqueue.Text(appendArray(startBinaryPacket(kindBinaryEvent, namespace, attachments), quote(name), args))
}

func encodeBinaryAck(namespace string, id uint64, attachments int, args [][]byte) *sendqueue.Message {
	text := strconv.AppendUint(startBinaryPacket(kindBinaryAck, namespace, attachments), id, 10)
	return sendqueue.Text(appendArray(text, nil, args))
}

// appendArray adds a JSON array of a first value, if there is one, and others.
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

// encodeConnect welcomes a client to a namespace; it learns the socket's ID, and its private one if it has one, in revision 4 of Engine.IO only.
func encodeConnect(revision engineio.Revision, namespace, id, privateID string) *sendqueue.Message {
	text := startPacket(nil, kindConnect, namespace)
	if revision == engineio.Revision3 {
		return sendqueue.Text(text)
	}
	text = append(append(text, `{"sid":`...), quote(id)...)
	if privateID != "" {
		text = append(append(text, `,"pid":`...), quote(privateID)...)
	}
	return sendqueue.Text(append(text, '}'))
}

// encodeRefusal tells a client why it may not connect to a namespace.
func encodeRefusal(revision engineio.Revision, namespace, reason string) *sendqueue.Message {
	text := startPacket(nil, kindConnectError, namespace)
	if revision == engineio.Revision3 {
		return sendqueue.Text(append(text, quote(reason)...))
	}
	return sendqueue.Text(append(append(append(text, `{"message":`...), quote(reason)...), '}'))
}

func encodeDisconnect(namespace string) *sendqueue.Message {
	return sendqueue.Text(startPacket(nil, kindDisconnect, namespace))
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
