package wsconn

import (
	"net"
	"sync"
)

const (
	// aheadBytes is how much is read at once of a long message: many clients send it in frames of 4 KiB, each of which would take two reads else.
	aheadBytes = 16 << 10
	// longMessage is how much a client has sent of a message for which that much memory is used, be it that the rest never comes.
	longMessage = 4 << 10
)

// ahead is what was read of a connection and nobody has asked for yet.
type ahead struct {
	memory [aheadBytes]byte
	unread []byte
}

var aheads = sync.Pool{New: func() any { return new(ahead) }}

func readAhead(conn net.Conn) (*ahead, error) {
	read := aheads.Get().(*ahead)
	n, err := conn.Read(read.memory[:])
	if n == 0 && err != nil {
		aheads.Put(read)
		return nil, err
	}
	read.unread = read.memory[:n] // an error beside it comes again
	return read, nil
}
