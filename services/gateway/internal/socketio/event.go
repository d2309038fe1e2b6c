package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Event is what a client emitted. Beside Name and Argument, nothing of it is decoded.
type Event struct {
	Name     string
	Argument json.RawMessage // the first one; nil if there is none
	Array    json.RawMessage // the name and all arguments, as they came
	// Attachments are the binary parts; the arguments refer to them by {"_placeholder":true,"num":INDEX}.
	Attachments [][]byte
	Dropped     int    // how many binary parts the client announced that are not read, as Config.Attachments is off
	WantsAck    bool   // the client waits for an acknowledgement
	AckID       uint64 // what Socket.Ack needs to give one
}

func (p *packet) event(attachments [][]byte) (Event, error) {
	event := Event{
		Argument: p.head[1], Array: p.array, Attachments: attachments, Dropped: p.attachments - len(attachments),
		WantsAck: p.hasAckID, AckID: p.ackID,
	}
	return event, json.Unmarshal(p.head[0], &event.Name)
}

// incompletePacket is a packet whose attachments, each a binary message of its own, have not all come yet.
type incompletePacket struct {
	packet      packet
	attachments [][]byte
	room        int // bytes that further attachments may have
}

// add returns true when the packet is complete.
func (i *incompletePacket) add(attachment []byte) (bool, error) {
	if i == nil {
		return false, errors.New("binary message: no packet announced it")
	}
	if len(attachment) > i.room {
		return false, fmt.Errorf("attachments: got %d bytes more, want at most %d", len(attachment), i.room)
	}
	i.room -= len(attachment)
	i.attachments = append(i.attachments, attachment)
	return len(i.attachments) == i.packet.attachments, nil
}
