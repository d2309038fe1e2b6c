package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/jitter"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// ErrorFor converts an error into one for the client. Errors of the server are logged, and the client is told to try again.
func ErrorFor(err error, logger *zap.Logger) *protocol.Error {
	var refusal *protocol.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, session.ErrTooMany), errors.Is(err, ratelimit.ErrTooManySubscriptions):
		return protocol.Errorf(protocol.CodeTooManySubscriptions, "%s; end one first", err)
	case errors.Is(err, session.ErrNotSubscribed):
		return protocol.Errorf(protocol.CodeNotSubscribed,
			"there is no subscription with these parameters; they must be those of %s, in any order and style", protocol.EventSubscribe)
	case errors.Is(err, readlimit.ErrExceeded):
		return protocol.Errorf(protocol.CodeTooManyMessages, "%s, which counts as messages; try again in a few seconds", readlimit.ErrExceeded)
	case errors.Is(err, sendqueue.ErrClosed):
		return errShuttingDown()
	}
	if !errors.Is(err, context.Canceled) { // because the client has disconnected, or the gateway stops
		logger.Warn("cannot serve a client", zap.Error(err))
	}
	return protocol.Errorf(protocol.CodeUnavailable, "the log cannot be read right now; try again in some seconds")
}

func errTooManyMessages() *protocol.Error {
	return protocol.Errorf(protocol.CodeTooManyMessages,
		"this client or its address sends more messages per second than allowed; they are dropped, and a client that goes on is disconnected")
}

func errAttachments(got int) *protocol.Error {
	return protocol.Errorf(protocol.CodeMalformed, "binary parts: got %d, want none, as parameters are JSON", got)
}

func errShuttingDown() *protocol.Error {
	return protocol.Errorf(protocol.CodeShuttingDown, "this gateway is shutting down; reconnect to reach another one")
}

func errPleaseReconnect() *protocol.Error {
	return protocol.Errorf(protocol.CodePleaseReconnect, "another gateway has fewer clients; reconnect, and resume from the last cursor if you have one")
}

// errTooSlow says why a client is disconnected whose messages since a time were dropped. While it is catching up it receives records late, so those that it
// misses may be older than the messages.
func errTooSlow(since time.Time) *protocol.Error {
	return protocol.Errorf(protocol.CodeTooSlow,
		"this connection does not keep up and is closed: messages from %s to %s were dropped, and older records too if it was catching up; "+
			"reconnect and resume from the last cursor, or ask for less",
		formatTime(since), formatTime(time.Now()))
}

func formatTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// writeError refuses a request, with the atlas_error as it would be in a stream.
func writeError(w http.ResponseWriter, refusal *protocol.Error) {
	SetErrorHeader(w.Header(), refusal.Code)
	w.WriteHeader(StatusOf(refusal.Code))
	_, _ = w.Write(encode.ErrorMessage(ndjson{}, refusal).Payload()) // the client may be gone
}

// SetErrorHeader sets the header of an error response in JSON.
func SetErrorHeader(header http.Header, code protocol.Code) {
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	if code == protocol.CodeInvalidToken {
		header.Set("WWW-Authenticate", "Bearer")
	}
	if isRetryable(code) {
		jitter.SetRetryAfter(header, engineio.RetryAfter)
	}
	closeIfLeaving(header, code)
}

// closeIfLeaving has the client reconnect, which may bring it to another gateway.
func closeIfLeaving(header http.Header, code protocol.Code) {
	if code == protocol.CodeShuttingDown {
		header.Set("Connection", "close")
	}
}

// isRetryable reports whether a refused request may succeed soon.
func isRetryable(code protocol.Code) bool {
	status := StatusOf(code)
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// StatusOf returns the HTTP status of an error code.
func StatusOf(code protocol.Code) int {
	switch code {
	case protocol.CodeInvalidToken:
		return http.StatusUnauthorized
	case protocol.CodeNotAllowed:
		return http.StatusForbidden
	case protocol.CodeTooManyClients, protocol.CodeUnavailable, protocol.CodeShuttingDown:
		return http.StatusServiceUnavailable
	}
	if strings.HasPrefix(string(code), "too_many_") {
		return http.StatusTooManyRequests
	}
	return http.StatusBadRequest
}
