package socketio

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/socketio/engineio"
)

const mainNamespace = "/"

// Config are the settings of a Server.
type Config struct {
	Engine         engineio.Config // of the layer below; its NewID also makes the IDs of sockets
	ConnectTimeout time.Duration   // how long a client may take to connect to its first namespace; 0 for 45 s
	Namespaces     []string        // those that clients may connect to; the main one, "/", if there are none
	// Attachments has the binary parts of events read, of which a client may have as many bytes waiting as Engine.MaxPayload allows. Otherwise they are
	// dropped as they come, and their event comes without them.
	Attachments bool
}

// Validate tells everything that is wrong with the settings.
func (c Config) Validate() error {
	faults := []error{c.Engine.Validate()}
	if c.ConnectTimeout < 0 {
		faults = append(faults, fmt.Errorf("ConnectTimeout: got %v, want a positive duration, or 0 for the default", c.ConnectTimeout))
	}
	for _, namespace := range c.Namespaces {
		if !strings.HasPrefix(namespace, "/") || strings.ContainsAny(namespace, ",?") {
			faults = append(faults, fmt.Errorf(`Namespaces: got %q, want a name that starts with "/" and has no "," or "?"`, namespace))
		}
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	c.Engine = c.Engine.WithDefaults()
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 45 * time.Second
	}
	if len(c.Namespaces) == 0 {
		c.Namespaces = []string{mainNamespace}
	}
	return c
}

func (c *Config) knows(namespace string) bool { return slices.Contains(c.Namespaces, namespace) }
