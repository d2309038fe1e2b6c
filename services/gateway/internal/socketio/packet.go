package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// packetKind is the first character of a packet.
type packetKind byte

const (
	kindConnect      packetKind = '0'
	kindDisconnect   packetKind = '1'
	kindEvent        packetKind = '2'
	kindAck          packetKind = '3'
	kindConnectError packetKind = '4'
	kindBinaryEvent  packetKind = '5'
	kindBinaryAck    packetKind = '6'
)

const (
	maxAttachments = 10        // as in the reference parser
	maxAckID       = 1<<53 - 1 // the greatest exact JavaScript number
)

// packet is one packet of a client: type, [number of attachments, "-"], [namespace, [","]], [acknowledgement ID], [JSON].
type packet struct {
	kind        packetKind
	attachments int
	namespace   string
	hasAckID    bool
	ackID       uint64
	auth        json.RawMessage    // of a connect packet: an object, or nil
	array       json.RawMessage    // of an event, undecoded
	head        [2]json.RawMessage // of the array: the event's name and its first argument, nil if there is none
}

func decodePacket(text []byte) (packet, error) {
	if len(text) == 0 || text[0] < byte(kindConnect) || text[0] > byte(kindBinaryAck) {
		return packet{}, fmt.Errorf("socket.io packet type: got %.1q, want 0 to 6", text)
	}
	p := packet{kind: packetKind(text[0])}
	rest, err := p.takeAttachments(text[1:])
	if err != nil {
		return packet{}, err
	}
	rest = p.takeNamespace(rest)
	if rest, err = p.takeAckID(rest); err != nil {
		return packet{}, err
	}
	if err := p.takePayload(rest); err != nil {
		return packet{}, err
	}
	return p, nil
}

func (p *packet) takeAttachments(text []byte) ([]byte, error) {
	if p.kind != kindBinaryEvent && p.kind != kindBinaryAck {
		return text, nil
	}
	count, rest, digits := takeNumber(text, maxAttachments)
	if !digits || count < 1 || count > maxAttachments {
		return nil, fmt.Errorf("attachments: got %.20q, want a number from 1 to %d", text, maxAttachments)
	}
	rest, found := bytes.CutPrefix(rest, []byte("-"))
	if !found {
		return nil, fmt.Errorf(`attachments: got %.20q, want a "-" after the number`, text)
	}
	p.attachments = int(count)
	return rest, nil
}

// takeNamespace drops the query that clients before 3.x append to the name.
func (p *packet) takeNamespace(text []byte) []byte {
	p.namespace = mainNamespace
	if len(text) == 0 || text[0] != '/' {
		return text
	}
	name, rest, _ := bytes.Cut(text, []byte(","))
	p.namespace, _, _ = strings.Cut(string(name), "?")
	return rest
}

func (p *packet) takeAckID(text []byte) ([]byte, error) {
	id, rest, digits := takeNumber(text, maxAckID)
	if id > maxAckID {
		return nil, fmt.Errorf("acknowledgement ID: got %.20q, want at most %d", text, maxAckID)
	}
	p.hasAckID, p.ackID = digits, id
	return rest, nil
}

// takeNumber reads leading decimal digits. For a number above limit it returns some number above limit, however many digits it has.
func takeNumber(text []byte, limit uint64) (number uint64, rest []byte, digits bool) {
	i := 0
	for ; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
		if number <= limit {
			number = number*10 + uint64(text[i]-'0')
		}
	}
	return number, text[i:], i > 0
}

func (p *packet) takePayload(text []byte) error {
	switch p.kind {
	case kindConnect:
		return p.takeAuth(text)
	case kindDisconnect:
		if len(text) > 0 {
			return fmt.Errorf("disconnect packet: got %.20q, want nothing behind the namespace", text)
		}
		return nil
	case kindEvent, kindBinaryEvent:
		return p.takeArray(text)
	default:
		return nil // ignored: clients do not refuse connections, and acknowledgements are never requested
	}
}

func (p *packet) takeAuth(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if text[0] != '{' || !json.Valid(text) {
		return fmt.Errorf("connect packet: got %.20q, want a JSON object or nothing", text)
	}
	p.auth = text
	return nil
}

// takeArray splits off the name and the first argument and leaves the rest undecoded: a list of all arguments would take up to thirty times their bytes.
func (p *packet) takeArray(text []byte) error {
	if err := json.Unmarshal(text, &p.head); err != nil {
		return fmt.Errorf("payload: got %.20q, want a JSON array", text)
	}
	if p.head[0] == nil || p.head[0][0] != '"' {
		return errors.New("event: want a JSON array that starts with the event's name, a string")
	}
	p.array = text
	return nil
}
