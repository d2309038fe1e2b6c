package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Event is an event of a client. Only Name and Argument are decoded.
type Event struct {
	Name     string
	Argument json.RawMessage // the first one; nil if there is none
	Array    json.RawMessage // the name and all arguments, undecoded
	// Attachments are the binary parts; the arguments refer to them by {"_placeholder":true,"num":INDEX}.
	Attachments [][]byte
	Dropped     int    // number of binary parts that are not read, as Config.Attachments is off
	WantsAck    bool   // the client requests an acknowledgement
	AckID       uint64 // for Socket.Ack
}

func (p *packet) event(attachments [][]byte) (Event, error) {
	event := Event{
		Argument: p.head[1], Array: p.array, Attachments: attachments, Dropped: p.attachments - len(attachments),
		WantsAck: p.hasAckID, AckID: p.ackID,
	}
	return event, json.Unmarshal(p.head[0], &event.Name)
}

// incompletePacket is a packet whose attachments, each a binary message of its own, are not all received yet.
type incompletePacket struct {
	packet      packet
	attachments [][]byte
	room        int // most bytes of the remaining attachments
}

// add adds an attachment and reports whether the packet is complete.
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
