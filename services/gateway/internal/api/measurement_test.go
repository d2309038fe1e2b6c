package api

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/ratelimit"
)

// measurementInLog is what a page needs of /api/measurements/{id}.
type measurementInLog struct {
	ID          int64
	Measurement *struct{ ID int64 }
	Object      map[string]any
	Parts       []struct {
		Topic    string
		Ordered  bool
		From, To *float64
		Records  int64
	}
	First, Last *float64
	Complete    bool
	Interval    *struct{ From, To float64 }
	Speed       *struct {
		Limit *float64
		By    *string
	}
	Read struct{ Records, Bytes int64 }
}

func TestMeasurement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowMeasurements()
		server.log.objects = map[int64]string{0: `{"id":1001,"what":["the registry","has"]}`}
		server.log.topics[archivePrefix+"old"] = []fakePartition{{}, {}, {}}
		server.log.add(archivePrefix+"old", 1001, time.Unix(915148800, 0), time.Unix(915148860, 500_000_000))
		server.log.add(liveResults, 3, time.Unix(946684000, 0))
		server.log.add(liveResults, 1001, time.Unix(946684060, 0))
		server.log.add(liveResults, 5, time.Unix(946684120, 0))
		got := server.ask("/api/measurements/1001?from=946684000&to=946684120").Body.String()
		const want = `{"id":1001,"measurement":{"id":1001,"type":"ping","description":"Ping of K","target":"k.root-servers.net","af":4,"interval":240,"participants":150,` +
			`"status":"Ongoing","stopped":false,"public":true,"start":1426633200,"stop":null,"source":"registry","rate":null},` +
			`"object":{"id":1001,"what":["the registry","has"]},"parts":[{"topic":"archive.old","ordered":false,"from":915148800,"to":915148860.5,"records":2},` +
			`{"topic":"results","ordered":true,"from":946684000,"to":946684120,"records":3}],"first":915148800,"last":946684060,"complete":true,` +
			`"interval":{"from":946684000,"to":946684120},"speed":{"limit":16000,"by":"results"},"read":{"records":5,"bytes":500,"ms":0}}` + "\n"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// Who may not replay the past learns what the registry has, and nothing of the log.
func TestMeasurementWithoutHistory(t *testing.T) {
	for _, mode := range []string{"off", "token"} {
		server := serve(t, Settings{History: HistoryPolicy{Mode: mode}}, ratelimit.Limits{})
		server.knowMeasurements()
		server.log.add(liveResults, 1001, time.Now())
		got := get[measurementInLog](t, server, "/api/measurements/1001")
		if got.Measurement == nil || got.Parts != nil || got.First != nil || got.Last != nil || got.Complete || got.Read.Records != 0 {
			t.Errorf("%s: got %+v", mode, got)
		}
		want := map[string]string{"off": "[unserved_parameter] from: ", "token": "[not_allowed] from: "}[mode]
		if answer := server.ask("/api/measurements/1001?from=0"); answer.Code == http.StatusOK || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: got %d %s", mode, answer.Code, answer.Body)
		}
		if got := get[measurementInLog](t, server, "/api/measurements/1001", bearer(tokenOfHistory)...); (got.Parts != nil) != (mode == "token") {
			t.Errorf("%s, with a token: got %+v", mode, got)
		}
	}
}

// What is not public is unknown, word for word.
func TestWhoSeesAMeasurement(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		server := serve(t, Settings{RefuseUnknown: refuse}, ratelimit.Limits{})
		if answer := server.ask("/api/measurements/1001"); answer.Code != http.StatusServiceUnavailable {
			t.Errorf("before measurements are known: got %d %s", answer.Code, answer.Body)
		}
		server.knowMeasurements()
		for _, test := range []struct {
			id, token string
			status    int
		}{
			{"1001", "", 200}, {"1003", "", 404}, {"1003", tokenOfHistory, 404}, {"1003", tokenOfNonPublic, 200}, {"7000", "", 200},
			{"1004", "", map[bool]int{false: 200, true: 404}[refuse]}, {"0", "", 400}, {"x", "", 400}, {"9007199254740992", "", 400},
		} {
			var header []string
			if test.token != "" {
				header = bearer(test.token)
			}
			answer := server.ask("/api/measurements/"+test.id, header...)
			if answer.Code != test.status {
				t.Errorf("%s with %q: got %d %s, want %d", test.id, test.token, answer.Code, answer.Body, test.status)
			}
			want := `{"error":"[unknown_measurement] id: got ` + test.id + `, want a measurement that this service knows"}` + "\n"
			if test.status == http.StatusNotFound && answer.Body.String() != want {
				t.Errorf("got %s, want %s", answer.Body, want)
			}
		}
	}
}

func TestIntervalOfAMeasurement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		server := serve(t, Settings{History: HistoryPolicy{MaxAge: 48 * time.Hour}}, ratelimit.Limits{})
		server.registry.ApplyMeasurements([]atlas.Object{{ID: 5, Value: []byte(`{"id":5,"status":4,"stop_time":946680000}`)}})
		server.registry.MarkMeasurementsCaughtUp()
		server.log.add(liveResults, 5, time.Now().Add(-time.Hour))
		for query, want := range map[string]string{
			"from=946598400":                   `"interval":{"from":946598400,"to":946680000}`, // when it stopped
			"from=946598400&to=2100-01-01":     `"interval":{"from":946598400,"to":946684800}`, // now
			"from=946598400.25&to=946598401.5": `"interval":{"from":946598400.25,"to":946598401.5}`,
			"to=946598400":                     "[missing_parameter] from: missing; to is the end of an interval",
			"from=946684801":                   "[invalid_parameter] from: got 2000-01-01T00:00:01Z, want no later than 1999-12-31T22:40:00Z, when the interval ends",
			"from=946684801&to=2100-01-01":     "[invalid_parameter] from: got 2000-01-01T00:00:01Z, want no later than 2000-01-01T00:00:00Z, when",
			"from=946500000":                   "[before_log] from: got 1999-12-29T20:40:00Z, want no earlier than 1999-12-30T00:00:01Z, as far as this gateway goes back",
			"from=946598400&to=946598400&x=1":  "[unknown_parameter]",
		} {
			if answer := server.ask("/api/measurements/5?" + query); !strings.Contains(answer.Body.String(), want) {
				t.Errorf("%s: got %s, want %s", query, answer.Body, want)
			}
		}
		if got := get[measurementInLog](t, server, "/api/measurements/5?from=946598400&to=946598500"); got.Speed == nil || got.Speed.Limit != nil || got.Speed.By != nil {
			t.Errorf("without records: got %+v", got.Speed)
		}
	})
}

// Where a measurement's first and last records are found is what an oracle finds in the whole log, or unknown where they are too far in.
func TestEndsOfAMeasurement(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.registry.MarkMeasurementsCaughtUp()
		server.log.topics[archivePrefix+"old"] = []fakePartition{{first: 7}}
		var first, last float64
		for _, topic := range []string{liveResults, archivePrefix + "old"} {
			length := random.IntN(4000)
			begin, end := random.IntN(length+1), random.IntN(length+1)
			for i := range length {
				at, id := time.Unix(int64(1426633200+i), 0), atlas.MeasurementID(3)
				if begin <= i && i < end && random.IntN(300) == 0 {
					id = 1
					if seconds := float64(at.Unix()); first == 0 || seconds < first {
						first = seconds
					}
					last = max(last, float64(at.Unix()))
				}
				server.log.add(topic, id, at)
			}
		}
		got := get[measurementInLog](t, server, "/api/measurements/1")
		if !got.Complete || value(got.First) != first || value(got.Last) != last {
			t.Fatalf("got %g to %g, complete %t, want %g to %g", value(got.First), value(got.Last), got.Complete, first, last)
		}
		for _, part := range got.Parts {
			if (part.From == nil) != (part.Records == 0) || part.From != nil && (*part.From != 1426633200 || *part.To != 1426633200+float64(part.Records-1)) {
				t.Fatalf("got %+v", part)
			}
		}
	}
}

func value(pointer *float64) float64 {
	if pointer == nil {
		return 0
	}
	return *pointer
}

// A measurement that is not near the ends of a long log is not looked for in all of it.
func TestAbuseLongLogsAreNotReadThrough(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.registry.MarkMeasurementsCaughtUp()
	const length = 30_000
	server.log.length = answerscan.MaxBytes / 10_000
	for i := range length {
		id := atlas.MeasurementID(3)
		if i == length/2 {
			id = 1
		}
		server.log.add(liveResults, id, time.Unix(int64(1426633200+i), 0))
	}
	got := get[measurementInLog](t, server, "/api/measurements/1")
	if got.Complete || got.First != nil || got.Last != nil || got.Read.Bytes < answerscan.MaxBytes || got.Read.Records > 10_010 {
		t.Errorf("got %+v", got)
	}
	if got := get[measurementInLog](t, server, "/api/measurements/3"); !got.Complete || value(got.First) != 1426633200 || got.Read.Records > 1000 {
		t.Errorf("got %+v", got)
	}
}
