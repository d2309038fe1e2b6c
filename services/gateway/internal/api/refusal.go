package api

import (
	"context"
	"errors"
	"net/http"

	"atlasstream/services/gateway/internal/door"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/subscription"
)

// Codes of refusals beyond those of parameters, of which all but too_many_reads and the unknown_ ones of path and method are the streams' as well.
const (
	codeNotAllowed         subscription.Code = "not_allowed"
	codeUnknownMeasurement subscription.Code = "unknown_measurement"
	codeShuttingDown       subscription.Code = "shutting_down"
	codeUnavailable        subscription.Code = "unavailable"
	codeTooManyReads       subscription.Code = "too_many_reads"
	codeTooMuch            subscription.Code = "too_much"
	codeUnknownPath        subscription.Code = "unknown_path"
	codeUnknownMethod      subscription.Code = "unknown_method"
)

func refuseMethod(method string) *subscription.Error {
	return subscription.Refuse(codeUnknownMethod, "method: got %.20q, want GET or HEAD", method)
}

// refusePath is the handler of paths that there are not, whatever they are asked.
func refusePath(_ context.Context, _ http.ResponseWriter, r *request) error {
	return subscription.Refuse(codeUnknownPath, "path: got %s, want one of those that /api/openapi.yaml describes", brief(r.URL.Path))
}

func refuseToServe() *subscription.Error {
	return subscription.Refuse(codeShuttingDown, "this gateway stops; ask again, another one will answer")
}

// refuse answers with why there is no other answer.
func (a *API) refuse(w http.ResponseWriter, err error) {
	refusal := a.word(err)
	door.SetRefusalHeader(w.Header(), refusal.Code)
	w.WriteHeader(statusOf(refusal.Code))
	_, _ = w.Write(encode(struct { // whoever asked may be gone
		Error string `json:"error"`
	}{refusal.Error()}))
}

func (a *API) word(err error) *subscription.Error {
	if refusal, is := errors.AsType[*subscription.Error](err); is {
		return refusal
	}
	if a.serving.Err() != nil { // which has ended what was read
		return refuseToServe()
	}
	if errors.Is(err, outagewatch.ErrBehind) {
		return subscription.Refuse(codeUnavailable, "%s; try again in some seconds", outagewatch.ErrBehind)
	}
	if tooMuch, is := errors.AsType[*outagewatch.TooMuchError](err); is {
		return subscription.Refuse(codeTooMuch, "from: %s; ask for less", tooMuch)
	}
	if errors.Is(err, logscan.ErrBusy) {
		return subscription.Refuse(codeTooManyReads, "%s; try again in some seconds", logscan.ErrBusy)
	}
	return door.WordRefusal(err, a.settings.Logger)
}

func statusOf(code subscription.Code) int {
	switch code {
	case codeUnknownMeasurement, codeUnknownPath:
		return http.StatusNotFound
	case codeUnknownMethod:
		return http.StatusMethodNotAllowed
	}
	return door.StatusOf(code)
}
