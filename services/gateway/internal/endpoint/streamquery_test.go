package endpoint

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// Real clients send the last event ID in the header, or under several names in the query.
func TestLastEventID(t *testing.T) {
	for _, test := range []struct{ query, header, want string }{
		{"msm=1001", "", ""},
		{"msm=1001", "h", "h"},
		{"msm=1001&lastEventId=q", "", "q"},
		{"msm=1001&Last-Event-ID=q", "", "q"},
		{"msm=1001&last-event-id=q", "", "q"},
		{"msm=1001&last_event_id=q", "", "q"},
		{"msm=1001&evs_last_event_id=q&evs_preamble=2056", "", "q"},
		{"msm=1001&lastEventId=q%2Bq", "", "q+q"},
		{"msm=1001&lastEventId=", "", ""},
		{"msm=1001&lastEventId=old", "new", "new"},
		{"lastEventID=old&msm=1001&Last-Event-ID=new", "", "new"},
		{"msm=1001&Last-Event-ID=old&lastEventId=new", "", "new"},
		{"msm=1001&lastEventId=old&lastEventId=", "", "old"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/stream/?"+test.query, nil)
		if test.header != "" {
			request.Header.Set("last-event-id", test.header)
		}
		asked, err := readQuery(request)
		if err != nil || asked.after != test.want || string(asked.parameters) != `{"msm":"1001"}` {
			t.Errorf("%s with %q: got %q with %s, %v; want %q", test.query, test.header, asked.after, asked.parameters, err, test.want)
		}
	}
}

// Ignored parameters are not part of the subscription, nor echoed. Those that may be a filter are.
func TestIgnoredParameters(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 100})
	for _, extra := range append(ignoredParameters, "client") {
		response := server.get(t, "msm=1001&"+extra+"=1787541897123")
		expectText(t, response.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
	}
	for _, extra := range []string{"probe", "__", "T", "lastEvent", "padding.x", "_msm_", "format", "equalsTo._"} {
		response := server.get(t, "msm=1001&_=1&"+extra+"=x&"+extra+"=y")
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %s", extra, response.Status)
		}
	}
}

// The last event ID takes precedence over the query's cursor, in both formats, and still allows a gone cursor; only Server-Sent Events have cursors without asking.
func TestResumption(t *testing.T) {
	said := subscription.Subscription{Stream: atlas.StreamResult, Cursor: subscription.Cursor{Wanted: true, After: "old"}}
	for _, body := range []format{ndjson{}, sse{}} {
		wanted := said
		body.resumption("new")(&wanted)
		if want := (subscription.Cursor{Wanted: true, After: "new", OrStartOver: true}); wanted.Cursor != want {
			t.Errorf("%T: got %+v", body, wanted)
		}
	}
	fresh := subscription.Subscription{Stream: atlas.StreamResult}
	sse{}.resumption("")(&fresh)
	if (ndjson{}).resumption("") != nil || !fresh.Cursor.Wanted || fresh.Cursor.After != "" {
		t.Errorf("got %+v", fresh)
	}
}
