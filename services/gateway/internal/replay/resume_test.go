package replay

import (
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// twoTopics is a live log with an archive beside it, of which a replay reads both.
func twoTopics() *fakeLog {
	log := withLive(0, 10, 20, 30)
	log.write("atlas.archive.a", results(1, day0+5, day0+15, day0+25)...)
	return log
}

// cursorBehind gives the cursor of a message of a replay of measurement 1.
func cursorBehind(t *testing.T, log *fakeLog, number int) cursor.Token {
	t.Helper()
	sink := playFast(t, mustStart(t, newPlanner(log, nil), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1}))
	return sink.behind(1, number)
}

//notices:replay-resumes-in-another-log
func TestRefusedCursors(t *testing.T) {
	for name, test := range map[string]struct {
		change func(log *fakeLog, from *cursor.Checkpoint, request *Request)
		code   string
		words  string
	}{
		"of another measurement": {
			func(_ *fakeLog, _ *cursor.Checkpoint, request *Request) { request.Measurement = 2 },
			"bad_cursor", "cursor: got one of measurement 1, want one of measurement 2",
		},
		"of a live subscription": {
			func(_ *fakeLog, from *cursor.Checkpoint, _ *Request) {
				from.Live, from.Replay = cursor.Live{Topic: liveTopic}, nil
			},
			"bad_cursor", "cursor: got one of a live subscription, without startTime, want one of a replay",
		},
		"of another start": {
			func(_ *fakeLog, _ *cursor.Checkpoint, request *Request) { request.Start = at(1) },
			"bad_cursor", "startTime: got 2015-03-17T23:00:01Z, want 2015-03-17T23:00:00Z, that of the cursor",
		},
		"an archive that was deleted": {
			func(log *fakeLog, _ *cursor.Checkpoint, _ *Request) { delete(log.topics, "atlas.archive.a") },
			"cursor_gone", `cursor: goes on in "atlas.archive.a", which there is not; there is atlas.results`,
		},
		"a topic that is none of ours": {
			func(_ *fakeLog, from *cursor.Checkpoint, _ *Request) { from.Replay.Topics[0].Topic = "secrets" },
			"cursor_gone", `cursor: goes on in "secrets", which there is not; there is atlas.archive.a, atlas.results`,
		},
		"retention": {
			func(log *fakeLog, _ *cursor.Checkpoint, _ *Request) { log.topics[liveTopic].first = 3 },
			"cursor_gone", "cursor: goes on at offset 1 of atlas.results, which has records from offset 3 on, those of 2015-03-17T23:00:30Z and later",
		},
		"retention of all": {
			func(log *fakeLog, _ *cursor.Checkpoint, _ *Request) { log.topics[liveTopic].first = 4 },
			"cursor_gone", "cursor: goes on at offset 1 of atlas.results, which has no records any more",
		},
		"a topic recreated": {
			func(log *fakeLog, _ *cursor.Checkpoint, _ *Request) {
				log.topics[liveTopic].records = log.topics[liveTopic].records[:2]
			},
			"cursor_gone", "cursor: reads atlas.results to offset 4, but it ends at 2; it was recreated",
		},
		"a topic recreated that is as long": {
			func(log *fakeLog, _ *cursor.Checkpoint, _ *Request) { log.topics[liveTopic].records[0].ID[0]++ },
			"cursor_gone", "cursor: is of a record at offset 0 of atlas.results that is not there; the topic was recreated",
		},
		"no speed": {
			func(_ *fakeLog, _ *cursor.Checkpoint, request *Request) { request.Speed = 0 },
			"invalid_parameter", "speed: got 0, want a number above 0",
		},
		"too fast": {
			func(_ *fakeLog, _ *cursor.Checkpoint, request *Request) { request.Speed = 1e9 },
			"too_fast", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := twoTopics()
			token := cursorBehind(t, log, 0)
			request := Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1}
			test.change(log, &token.Subscriptions[0].Checkpoint, &request)
			_, err := newPlanner(log, nil).Resume(t.Context(), request, token)
			if test.words == "" {
				if err == nil || fmt.Sprintf("%.10s", err) != "[too_fast]" {
					t.Errorf("got %v, want [%s]", err, test.code)
				}
				return
			}
			if err == nil || err.Error() != "["+test.code+"] "+test.words {
				t.Errorf("got %v, want [%s] %s", err, test.code, test.words)
			}
		})
	}
}

// What has been read of a topic may be gone.
func TestResumingAfterRetention(t *testing.T) {
	log := twoTopics()
	token := cursorBehind(t, log, 5)
	log.topics["atlas.archive.a"].first = 3
	log.topics[liveTopic].first = 3
	replay, err := newPlanner(log, nil).Resume(t.Context(), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1}, token)
	if err != nil {
		t.Fatal(err)
	}
	defer replay.Close()
	if got := playFast(t, replay).seconds(); len(got) != 1 || got[0] != day0+30 {
		t.Errorf("got %v, want the last one", got)
	}
}
