package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/parameter"
	"atlasstream/services/gateway/internal/protocol"
)

// queryParams are the parameters of a request, each of which its path accepts and which came once. The methods parse them; err is the first error.
type queryParams struct {
	values map[string]string
	err    error
}

// readQuery refuses a malformed query and unknown parameters.
func readQuery(raw string, parameters []string) (*queryParams, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeMalformed,
			"query: it cannot be read, want pairs such as msm=1001, with %%XX for characters that a URL cannot have")
	}
	params := &queryParams{values: make(map[string]string)}
	for name, values := range values {
		switch {
		case endpoint.IsIgnoredParameter(name):
		case !slices.Contains(parameters, name):
			return nil, protocol.Errorf(protocol.CodeUnknownParameter, "%s: there is no such parameter; there %s", brief(name), list(parameters))
		case len(values) > 1:
			return nil, protocol.Errorf(protocol.CodeRepeatedParameter, "%s: came %d times, want it once", name, len(values))
		case !utf8.ValidString(values[0]):
			return nil, invalid(name, values[0], "want UTF-8")
		default:
			params.values[name] = values[0]
		}
	}
	return params, nil
}

func list(parameters []string) string {
	switch len(parameters) {
	case 0:
		return "are none here"
	case 1:
		return "is " + parameters[0]
	}
	last := len(parameters) - 1
	return "are " + strings.Join(parameters[:last], ", ") + " and " + parameters[last]
}

func invalid(name, value, want string, arguments ...any) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidParameter, "%s: got %s, %s", name, brief(value), fmt.Sprintf(want, arguments...))
}

// brief quotes the start of a text.
func brief(text string) string {
	const most = 60 // bytes
	if len(text) <= most {
		return strconv.Quote(text)
	}
	return strconv.Quote(strings.ToValidUTF8(text[:most], "")) + "…"
}

// fail keeps the first error.
func (q *queryParams) fail(err error) {
	if q.err == nil {
		q.err = err
	}
}

func (q *queryParams) has(name string) bool {
	_, given := q.values[name]
	return given
}

// time returns the zero time if the parameter is missing.
func (q *queryParams) time(name string) (at time.Time) {
	text, given := q.values[name]
	if !given {
		return at
	}
	at, err := parameter.ParseTime(name, text)
	if err != nil {
		q.fail(err)
	}
	return at
}

// number parses a whole number, or returns otherwise if the parameter is missing.
func (q *queryParams) number(name string, least, most, otherwise int64) int64 {
	text, given := q.values[name]
	if !given {
		return otherwise
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < least || number > most {
		q.fail(invalid(name, text, "want a whole number from %d to %d", least, most))
	}
	return number
}

// measurement returns 0 if the parameter is missing.
func (q *queryParams) measurement(name string) atlas.MeasurementID {
	return atlas.MeasurementID(q.number(name, 1, atlas.MaxID, 0))
}

// oneOf parses one of some words, or returns "" if the parameter is missing.
func (q *queryParams) oneOf(name string, words ...string) string {
	text, given := q.values[name]
	if given && !slices.Contains(words, text) {
		q.fail(invalid(name, text, "want one of %s", strings.Join(words, ", ")))
	}
	return text
}

// request is an accepted request. Its context ends when the client is gone or the API stops.
type request struct {
	*http.Request
	params *queryParams // has no unknown names
	client endpoint.Request
}
