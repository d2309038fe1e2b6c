package engineio

import "fmt"

// Revision is a revision of the Engine.IO protocol, as a client names it in the query parameter EIO.
type Revision byte

// The revisions that are spoken.
const (
	Revision3 Revision = 3 // Socket.IO 1.x and 2.x: the client pings
	Revision4 Revision = 4 // Socket.IO 3.x and 4.x: the server pings
)

func parseRevision(eio string) (Revision, error) {
	switch eio {
	case "3":
		return Revision3, nil
	case "4":
		return Revision4, nil
	}
	return 0, fmt.Errorf("EIO: got %.20q, want 3 or 4", eio)
}
