package api

import (
	"context"
	"errors"
	"net/http"

	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/protocol"
)

func refuseMethod(method string) *protocol.Error {
	return protocol.Errorf(protocol.CodeUnknownMethod, "method: got %.20q, want GET or HEAD", method)
}

// refusePath is the handler of unknown paths.
func refusePath(_ context.Context, _ http.ResponseWriter, r *request) error {
	return protocol.Errorf(protocol.CodeUnknownPath, "path: got %s, want one of those that /api/openapi.yaml describes", brief(r.URL.Path))
}

func refuseWhenStopping() *protocol.Error {
	return protocol.Errorf(protocol.CodeShuttingDown, "this gateway stops; ask again, another one will answer")
}

// refuse answers with an error.
func (a *API) refuse(w http.ResponseWriter, err error) {
	refusal := a.errorFor(err)
	endpoint.SetErrorHeader(w.Header(), refusal.Code)
	w.WriteHeader(statusOf(refusal.Code))
	_, _ = w.Write(encode(struct { // the client may be gone
		Error string `json:"error"`
	}{refusal.Error()}))
}

func (a *API) errorFor(err error) *protocol.Error {
	if refusal, is := errors.AsType[*protocol.Error](err); is {
		return refusal
	}
	if a.serving.Err() != nil { // which canceled the handler
		return refuseWhenStopping()
	}
	if errors.Is(err, outagewatch.ErrNotReady) {
		return protocol.Errorf(protocol.CodeUnavailable, "%s; try again in some seconds", outagewatch.ErrNotReady)
	}
	if tooMuch, is := errors.AsType[*outagewatch.TooManyEventsError](err); is {
		return protocol.Errorf(protocol.CodeTooMuch, "from: %s; ask for less", tooMuch)
	}
	if errors.Is(err, answerscan.ErrBusy) {
		return protocol.Errorf(protocol.CodeTooManyReads, "%s; try again in some seconds", answerscan.ErrBusy)
	}
	return endpoint.ErrorFor(err, a.settings.Logger)
}

func statusOf(code protocol.Code) int {
	switch code {
	case protocol.CodeUnknownMeasurement, protocol.CodeUnknownPath:
		return http.StatusNotFound
	case protocol.CodeUnknownMethod:
		return http.StatusMethodNotAllowed
	}
	return endpoint.StatusOf(code)
}
