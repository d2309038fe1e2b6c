package socketio

import "encoding/json"

// Event is what a client emitted.
type Event struct {
	Name string
	Args []json.RawMessage // without the name
	// Attachments are the binary parts; the arguments refer to them by {"_placeholder":true,"num":INDEX}.
	Attachments [][]byte
	WantsAck    bool   // the client waits for an acknowledgement
	AckID       uint64 // what Socket.Ack needs to give one
}

func (p *packet) event(attachments [][]byte) (Event, error) {
	event := Event{Args: p.args[1:], Attachments: attachments, WantsAck: p.hasAckID, AckID: p.ackID}
	return event, json.Unmarshal(p.args[0], &event.Name)
}
