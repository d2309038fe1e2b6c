package endpoint

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// Real clients hand the place back in the header, or under several names in the query.
func TestPlaceOfAClientThatComesBack(t *testing.T) {
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

// What says nothing of the subscription is not part of it, and not of what is echoed. What may be a filter is.
func TestWhatPassesBesideParameters(t *testing.T) {
	house := open(t, plan{clients: 100})
	for _, extra := range append(ignoredParameters, "client") {
		response := house.get(t, "msm=1001&"+extra+"=1787541897123")
		expectText(t, response.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
	}
	for _, extra := range []string{"probe", "__", "T", "lastEvent", "padding.x", "_msm_", "format", "equalsTo._"} {
		response := house.get(t, "msm=1001&_=1&"+extra+"=x&"+extra+"=y")
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %s", extra, response.Status)
		}
	}
}

// A place that a client hands back is worth more than what the query says of cursors, in both bodies, and is not the only one to begin at; only Server-Sent Events have cursors unasked.
func TestWhoGoesOnFromAPlace(t *testing.T) {
	said := subscription.Subscription{Stream: atlas.StreamResult, Cursor: subscription.Cursor{Wanted: true, After: "old"}}
	for _, body := range []body{lines{}, serverSentEvents{}} {
		wanted := said
		body.continued("new")(&wanted)
		if want := (subscription.Cursor{Wanted: true, After: "new", OrAnew: true}); wanted.Cursor != want {
			t.Errorf("%T: got %+v", body, wanted)
		}
	}
	fresh := subscription.Subscription{Stream: atlas.StreamResult}
	serverSentEvents{}.continued("")(&fresh)
	if (lines{}).continued("") != nil || !fresh.Cursor.Wanted || fresh.Cursor.After != "" {
		t.Errorf("got %+v", fresh)
	}
}
