package endpoint

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/subscription"
)

// getQuery is what a plain GET asks for.
type getQuery struct {
	parameters []byte // of the subscription, as subscription.Parse reads them
	after      string // the cursor, or the end, that the client has got to as it comes back; empty for none
	inHeader   bool   // after stands in the header
}

// readQuery splits the query of a request.
func readQuery(r *http.Request) (getQuery, error) {
	said, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return getQuery{}, protocol.Refuse(protocol.CodeMalformed,
			"query: it cannot be read, want pairs such as msm=1001, with %%XX for characters that a URL cannot have")
	}
	var asked getQuery
	asked.after, asked.inHeader = placeOf(r)
	maps.DeleteFunc(said, func(name string, _ []string) bool {
		return isLastEventID(name) || SaysNothing(name)
	})
	asked.parameters = subscription.Query(said)
	return asked, nil
}

// placeOf finds what the client of a request has got to. A place in the header is newer than one in the query, which a page may have put there for its first
// request and which a browser sends again and again.
func placeOf(r *http.Request) (after string, inHeader bool) {
	if after := r.Header.Get(headerLastEventID); after != "" {
		return after, true
	}
	return lastEventID(r.URL.RawQuery), false
}

// isOver tells whether the client comes back behind all that the subscription brings.
func (q *getQuery) isOver() bool { return q.after == endOf(q.parameters) }

// headerLastEventID has the ID of the last event that came, as a client of Server-Sent Events comes back (HTML standard, section 9.2).
const headerLastEventID = "Last-Event-ID"

// lastEventIDs are the names, without regard to case, hyphens and underscores, under which clients that cannot set the header have the ID in the query:
// event-source-polyfill and reconnecting-eventsource say lastEventId, clients of Mercure Last-Event-ID, and eventsource-polyfill says evs_last_event_id.
var lastEventIDs = []string{"lasteventid", "evslasteventid"}

func isLastEventID(name string) bool {
	return slices.Contains(lastEventIDs, strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name)))
}

// lastEventID finds the ID in a query that can be read. Of several the last counts: clients append theirs to what the page has put there.
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

// SaysNothing tells whether a name in the query of a plain request is of the client itself, or is ignored.
func SaysNothing(name string) bool {
	return name == parameterClient || name == parameterToken || slices.Contains(ignoredParameters, name)
}

// ignoredParameters change nothing of what comes. All others that are unknown are refused: who misspells a filter would get what he did not ask for.
var ignoredParameters = []string{
	"_", "_dc", "_t", "_ts", "cachebuster", "cb", "dojo.preventCache", "nocache", "r", "rnd", "t", "ts", // against caches
	"evs_buffer_size_limit", "evs_preamble", // eventsource-polyfill
	"padding", // event-source-polyfill, in browsers that hold back the beginning of a body
}
