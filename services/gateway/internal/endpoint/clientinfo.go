package endpoint

import (
	"strings"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/auth"
)

// Parameters about the client itself, in the query of any endpoint.
const (
	parameterClient = "client" // its name
	parameterToken  = "token"
)

const headerAuthorization = "Authorization"

// The doors by which clients come.
const (
	doorSocketIO  = "socket.io"
	doorWebSocket = "websocket"
	doorGet       = "get"
)

// maxNameLength is the longest name of a client, in bytes.
const maxNameLength = 64

// clientInfo is who a client is.
type clientInfo struct {
	endpoint string
	remote   string // host:port
	name     string // as returned by nameOf
	bearer   *auth.Bearer
}

// fields are the client's fields in the log.
func (c *clientInfo) fields() []zap.Field {
	return []zap.Field{zap.String("endpoint", c.endpoint), zap.String("remote", c.remote), zap.String("client", c.name), zap.String("bearer", c.bearer.Name)}
}

// nameOf returns a client's name, truncated, and with an underscore for every character that is not suitable for logs and metrics.
func nameOf(given string) string {
	if given == "" {
		return "unnamed"
	}
	name := []byte(given[:min(len(given), maxNameLength)])
	for i, c := range name {
		if !isNameCharacter(c) {
			name[i] = '_'
		}
	}
	return string(name)
}

func isNameCharacter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._:/@+ ()", c) >= 0
}
