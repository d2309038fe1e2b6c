package engineio

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/sendqueue"
)

// Config are the settings of a Server. Every zero value but that of NewID stands for a default.
type Config struct {
	PingInterval   time.Duration // how often a client is pinged, or pings; 25 s
	PingTimeout    time.Duration // how long the answer may take; 60 s
	UpgradeTimeout time.Duration // how long a client may take to move from polling to a WebSocket that it has opened; 10 s
	MaxPayload     int           // most bytes in a message of a client, and in a body of polling either way; 100,000
	MaxSessions    int           // most sessions at a time; who is one too many is answered 503; 100,000
	// UnnamedRevision is that of a handshake without EIO. The reference servers take it for revision 3, which socket.io-client-swift up to 15.2 relies on;
	// the official test suites want it refused. 0 refuses it.
	UnnamedRevision Revision

	Queue sendqueue.Limits // of each client; 1 MiB, 1,000 messages, 10 s to write, 5 s to close
	Stats *sendqueue.Stats // of all the clients' queues together; optional

	// NewID makes the ID of a session. Who knows it can take the session over, so it must hold at least 128 random bits. Mandatory.
	NewID func() string
	// Admit is asked before a session is made for a request, of which the session keeps nothing but what Admit makes of it. A refusal is the answer, with
	// status 429. Nil admits everyone.
	Admit func(*http.Request) (Admission, error)

	Logger *zap.Logger // optional
}

// Validate tells everything that is wrong with the settings.
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

// WithDefaults gives the settings that a Server works with.
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
	c.Stats = cmp.Or(c.Stats, &sendqueue.Stats{})
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	if c.Admit == nil {
		c.Admit = func(*http.Request) (Admission, error) { return unlimited{}, nil }
	}
	return c
}
