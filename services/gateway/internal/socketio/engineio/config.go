package engineio

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
)

// Config are the settings of a Server. For every zero value but that of NewID, WithDefaults has the default.
type Config struct {
	PingInterval   time.Duration // between the pings of the server, or of the client
	PingTimeout    time.Duration // for the answer to a ping
	UpgradeTimeout time.Duration // for moving from polling to a WebSocket that is open
	MaxPayload     int           // most bytes of a client's message, and of a polling body in either direction
	MaxSessions    int           // most sessions at a time; further handshakes are answered 503
	// UnnamedRevision is the revision of a handshake without EIO. The reference servers assume revision 3, which socket.io-client-swift up to 15.2 relies on;
	// the official test suites want such a handshake refused, as 0 does.
	UnnamedRevision Revision

	Queue sendqueue.Limits   // of each client
	Stats *queuebudget.Stats // of all clients' queues together; optional

	// NewID makes the ID of a session. It authorises every request of the session, so it must hold at least 128 random bits. Mandatory.
	NewID func() string
	// Admit is called before a session is opened for a request. The session keeps the Admission and nothing else of the request. An error refuses the
	// session with status 429 and the error's text. Nil admits all.
	Admit func(*http.Request) (Admission, error)

	Logger *zap.Logger // optional
}

// Validate returns all faults of the settings, joined.
func (c Config) Validate() error {
	var faults []error
	for _, setting := range []struct {
		name string
		got  int64
	}{
		{"PingInterval", int64(c.PingInterval)}, {"PingTimeout", int64(c.PingTimeout)}, {"UpgradeTimeout", int64(c.UpgradeTimeout)},
		{"MaxPayload", int64(c.MaxPayload)}, {"MaxSessions", int64(c.MaxSessions)},
		{"Queue.Bytes", int64(c.Queue.Bytes)}, {"Queue.Messages", int64(c.Queue.Messages)},
		{"Queue.WriteTimeout", int64(c.Queue.WriteTimeout)}, {"Queue.CloseTimeout", int64(c.Queue.CloseTimeout)},
	} {
		if setting.got < 0 {
			faults = append(faults, fmt.Errorf("%s: got %d, want a positive value, or 0 for the default", setting.name, setting.got))
		}
	}
	if c.UnnamedRevision != 0 && c.UnnamedRevision != Revision3 && c.UnnamedRevision != Revision4 {
		faults = append(faults, fmt.Errorf("UnnamedRevision: got %d, want 3 or 4, or 0 for none", c.UnnamedRevision))
	}
	if c.NewID == nil {
		faults = append(faults, errors.New("NewID: missing"))
	}
	return errors.Join(faults...)
}

// WithDefaults returns the settings with the default in place of each zero value.
func (c Config) WithDefaults() Config {
	c.PingInterval = cmp.Or(c.PingInterval, 25*time.Second)
	c.PingTimeout = cmp.Or(c.PingTimeout, 60*time.Second)
	c.UpgradeTimeout = cmp.Or(c.UpgradeTimeout, 10*time.Second)
	c.MaxPayload = cmp.Or(c.MaxPayload, 100_000)
	c.MaxSessions = cmp.Or(c.MaxSessions, 100_000)
	c.Queue.Bytes = cmp.Or(c.Queue.Bytes, 1<<20)
	c.Queue.Messages = cmp.Or(c.Queue.Messages, 1000)
	c.Queue.WriteTimeout = cmp.Or(c.Queue.WriteTimeout, 10*time.Second)
	c.Queue.CloseTimeout = cmp.Or(c.Queue.CloseTimeout, 5*time.Second)
	c.Stats = cmp.Or(c.Stats, &queuebudget.Stats{})
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	if c.Admit == nil {
		c.Admit = func(*http.Request) (Admission, error) { return unlimited{}, nil }
	}
	return c
}
