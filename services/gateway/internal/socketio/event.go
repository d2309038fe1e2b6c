package socketio

import "encoding/json"

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
