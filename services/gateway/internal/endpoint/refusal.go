package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// Codes of atlas_error beyond those of a subscription's parameters and measurement.

// WordRefusal words an error for a client. What is wrong on our side goes to the log; the client learns that it may try again.
func WordRefusal(err error, logger *zap.Logger) *protocol.Error {
	var refusal *protocol.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, fanout.ErrTooMany), errors.Is(err, ratelimit.ErrTooManySubscriptions):
		return protocol.Refuse(protocol.CodeTooManySubscriptions, "%s; end one first", err)
	case errors.Is(err, fanout.ErrNotSubscribed):
		return protocol.Refuse(protocol.CodeNotSubscribed,
			"there is no subscription with these parameters; they must be those of %s, in any order and style", protocol.EventSubscribe)
	case errors.Is(err, readlimit.ErrExceeded):
		return protocol.Refuse(protocol.CodeTooManyMessages, "%s, which costs it messages; try again in some seconds", readlimit.ErrExceeded)
	case errors.Is(err, sendqueue.ErrClosed):
		return refuseToServe()
	}
	if !errors.Is(err, context.Canceled) { // by the client that has gone, or by the end of the gateway
		logger.Warn("a client could not be served", zap.Error(err))
	}
	return protocol.Refuse(protocol.CodeUnavailable, "the log cannot be read right now; try again in some seconds")
}

func refuseMessages() *protocol.Error {
	return protocol.Refuse(protocol.CodeTooManyMessages,
		"more messages came from this client or its address than are allowed in a second; they are dropped, and a client that goes on is closed")
}

func refuseAttachments(got int) *protocol.Error {
	return protocol.Refuse(protocol.CodeMalformed, "binary parts: got %d, want none, as parameters are JSON", got)
}

func refuseToServe() *protocol.Error {
	return protocol.Refuse(protocol.CodeShuttingDown, "this gateway stops; reconnect, another one will answer")
}

// tooSlow is why a client is closed of which messages since a time were dropped. One that is catching up gets records later than they come in, so those that it
// misses may be older than the messages.
func tooSlow(since time.Time) *protocol.Error {
	return protocol.Refuse(protocol.CodeTooSlow,
		"this connection does not keep up and is closed: messages from %s to %s were dropped, and older records too if it was catching up; "+
			"reconnect and resume from the last cursor, or ask for less",
		moment(since), moment(time.Now()))
}

func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// retryAfter is when a client may come again that was refused for what may be otherwise soon, in seconds.
const retryAfter = "5"

// answer refuses a request: the atlas_error is the body, as it would stand in a stream.
func answer(w http.ResponseWriter, refusal *protocol.Error) {
	SetRefusalHeader(w.Header(), refusal.Code)
	w.WriteHeader(StatusOf(refusal.Code))
	_, _ = w.Write(fanout.ErrorMessage(lines{}, refusal).Payload()) // whoever asked may be gone
}

// SetRefusalHeader sets the header of an answer that refuses a request in JSON.
func SetRefusalHeader(header http.Header, code protocol.Code) {
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	if code == protocol.CodeInvalidToken {
		header.Set("WWW-Authenticate", "Bearer")
	}
	if isPassing(code) {
		header.Set("Retry-After", retryAfter)
	}
}

// isPassing tells whether what was refused may be had soon.
func isPassing(code protocol.Code) bool {
	status := StatusOf(code)
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// StatusOf gives the status with which a plain request is refused.
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
