package socketio

import (
	"errors"
	"fmt"
)

// incomplete is a packet whose attachments, each a binary message of its own, have not all come yet.
type incomplete struct {
	packet      packet
	attachments [][]byte
	room        int // bytes that further attachments may have
}

// add returns true when the packet is complete.
func (i *incomplete) add(attachment []byte) (bool, error) {
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
