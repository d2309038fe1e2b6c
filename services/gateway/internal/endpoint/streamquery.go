package endpoint

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atlasstream/services/gateway/internal/parameter"
	"atlasstream/services/gateway/internal/protocol"
)

// streamQuery is the query of a plain GET.
type streamQuery struct {
	parameters []byte // of the subscription, as subscription.Parse reads them
	after      string // the ID of the last event that a reconnecting client received: a cursor, or an endID; empty for none
	inHeader   bool   // after is from the header
}

// readQuery parses the query of a request.
func readQuery(r *http.Request) (streamQuery, error) {
	said, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return streamQuery{}, protocol.Errorf(protocol.CodeMalformed,
			"query: it cannot be read, want pairs such as msm=1001, with %%XX for characters that a URL cannot have")
	}
	var asked streamQuery
	asked.after, asked.inHeader = resumeID(r)
	maps.DeleteFunc(said, func(name string, _ []string) bool {
		return isLastEventID(name) || IsIgnoredParameter(name)
	})
	asked.parameters = parameter.FromQuery(said)
	return asked, nil
}

// resumeID returns the last event ID of a request. One in the header is newer than one in the query, which a page may have set for its first
// request and which a browser repeats.
func resumeID(r *http.Request) (after string, inHeader bool) {
	if after := r.Header.Get(headerLastEventID); after != "" {
		return after, true
	}
	return lastEventID(r.URL.RawQuery), false
}

// isComplete reports whether the client has received everything of the subscription.
func (q *streamQuery) isComplete() bool { return q.after == endID(q.parameters) }

// headerLastEventID has the last event ID of a reconnecting client of Server-Sent Events (HTML standard, section 9.2).
const headerLastEventID = "Last-Event-ID"

// lastEventIDs are the names, without regard to case, hyphens and underscores, of the ID in the query of clients that cannot set the header:
// event-source-polyfill and reconnecting-eventsource say lastEventId, clients of Mercure Last-Event-ID, and eventsource-polyfill says evs_last_event_id.
var lastEventIDs = []string{"lasteventid", "evslasteventid"}

func isLastEventID(name string) bool {
	return slices.Contains(lastEventIDs, strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name)))
}

// lastEventID returns the ID in a valid query. Of several the last counts: clients append theirs to that of the page.
func lastEventID(query string) (id string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || !isLastEventID(name) {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil && value != "" {
			id = value
		}
	}
	return id
}

// IsIgnoredParameter reports whether a name in the query of a plain request is not a parameter of the request, but about the client, or ignored.
func IsIgnoredParameter(name string) bool {
	return name == parameterClient || name == parameterToken || slices.Contains(ignoredParameters, name)
}

// ignoredParameters have no effect. All other unknown parameters are refused, as a misspelt filter would give unwanted results.
var ignoredParameters = []string{
	"_", "_dc", "_t", "_ts", "cachebuster", "cb", "dojo.preventCache", "nocache", "r", "rnd", "t", "ts", // against caches
	"evs_buffer_size_limit", "evs_preamble", // eventsource-polyfill
	"padding", // event-source-polyfill, in browsers that buffer the beginning of a body
}
