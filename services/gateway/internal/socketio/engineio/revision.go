package engineio

import (
	"fmt"
	"net/url"
)

// Revision is a revision of the Engine.IO protocol, as a client names it in the query parameter EIO.
type Revision byte

// The revisions that are spoken.
const (
	Revision3 Revision = 3 // Socket.IO 1.x and 2.x: the client pings
	Revision4 Revision = 4 // Socket.IO 3.x and 4.x: the server pings
)

// revisionOf gives the revision that a session's first request asks for.
func (c *Config) revisionOf(query url.Values) (Revision, error) {
	eio := query.Get("EIO")
	switch {
	case eio == "3":
		return Revision3, nil
	case eio == "4":
		return Revision4, nil
	case !query.Has("EIO") && c.UnnamedRevision != 0:
		return c.UnnamedRevision, nil
	}
	return 0, fmt.Errorf("EIO: got %.20q, want 3 or 4", eio)
}
