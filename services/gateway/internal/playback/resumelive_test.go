package playback

import (
	"fmt"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
)

// liveCursor is that of a message of measurement 1, given out now.
func liveCursor(topic string, partition int, offset int64) cursor.Token {
	there := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: topic, Partition: partition, Offset: offset}}
	return cursor.At(there, time.Now())
}

// A live feed goes on behind the message of its cursor.
//
//notices:live-cursor-own-offset
func TestResumeLive(t *testing.T) {
	simulate(t, func(t *testing.T) {
		log := withLive(0, 10, 20, 30)
		log.topics[liveTopic].first = 1
		for offset, want := range map[int64]int64{0: 1, 1: 2, 3: 4} {
			got, err := newPlayer(log, nil).ResumeLive(t.Context(), atlas.StreamResult, 1, liveCursor(liveTopic, 0, offset), time.Hour)
			if err != nil || got != (atlas.Position{Topic: liveTopic, Offset: want}) {
				t.Errorf("behind offset %d: got %v, %v, want offset %d", offset, got, err, want)
			}
			if log.listed != 1 {
				t.Errorf("asked %d times for offsets, want once", log.listed)
			}
			log.listed = 0
		}
		aged := liveCursor(liveTopic, 0, 1)
		time.Sleep(time.Hour)
		if _, err := newPlayer(log, nil).ResumeLive(t.Context(), atlas.StreamResult, 1, aged, time.Hour); err != nil {
			t.Errorf("as old as it may be: got %v", err)
		}
	})
}

//notices:live-cursor-age
func TestRefusedLiveCursors(t *testing.T) {
	for name, test := range map[string]struct {
		token func() cursor.Token
		want  string
	}{
		"of another measurement": {func() cursor.Token {
			token := liveCursor(liveTopic, 0, 2)
			token.Subscriptions[0].Measurement = 2
			return token
		}, "[bad_cursor] cursor: got one of measurement 2, want one of measurement 1"},
		"of a replay": {func() cursor.Token {
			token := liveCursor(liveTopic, 0, 2)
			token.Subscriptions[0].Checkpoint = cursor.Checkpoint{Measurement: 1, Replay: &cursor.Replay{}}
			return token
		}, "[bad_cursor] cursor: got one of a replay, with startTime, want one of a live feed"},
		"of another topic": {
			func() cursor.Token { return liveCursor("atlas.probestatus", 0, 2) },
			"[bad_cursor] cursor: got one of another topic, want one of atlas.results",
		},
		"of another partition": {
			func() cursor.Token { return liveCursor(liveTopic, 1, 2) },
			"[cursor_gone] cursor: goes on in partition 1 of atlas.results, but measurement 1 is in partition 0; the topic was recreated",
		},
		"too old": {func() cursor.Token {
			token := liveCursor(liveTopic, 0, 2)
			time.Sleep(time.Hour + time.Second)
			return token
		}, "[cursor_gone] cursor: was given out 1h0m1s ago at offset 2 of partition 0, want one of the last 1h0m0s; what came since can be replayed, where that is allowed"},
		"retention": {
			func() cursor.Token { return liveCursor(liveTopic, 0, 0) },
			"[cursor_gone] cursor: goes on at offset 1 of atlas.results, which has records from offset 2 on",
		},
		"a topic recreated": {
			func() cursor.Token { return liveCursor(liveTopic, 0, 4) },
			"[cursor_gone] cursor: goes on at offset 5 of atlas.results, which ends at 4; it was recreated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T) {
				log := withLive(0, 10, 20, 30)
				log.topics[liveTopic].first = 2
				_, err := newPlayer(log, nil).ResumeLive(t.Context(), atlas.StreamResult, 1, test.token(), time.Hour)
				if err == nil || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}

// A cursor goes back no further than the age of what it may go on with, whatever it says of when it was given out.
//
//notices:live-cursor-reach
func TestCursorReachesNoFurtherBack(t *testing.T) {
	simulate(t, func(t *testing.T) {
		now := time.Now().Unix()
		log, quiet := newMemory(), newMemory()
		log.write(liveTopic, results(1, now-9000, now-7200, now-3601, now-3600, now-60)...)
		for offset, gone := range map[int64]bool{0: true, 1: true, 2: false, 3: false, 4: false} { // of the last record that the client has
			_, err := newPlayer(log, nil).ResumeLive(t.Context(), atlas.StreamResult, 1, liveCursor(liveTopic, 0, offset), time.Hour)
			if !gone && err != nil {
				t.Errorf("behind offset %d: got %v", offset, err)
			}
			if gone {
				assertRefused(t, err, protocol.CodeCursorGone, fmt.Sprintf("cursor: goes on at offset %d of atlas.results, want no less than 3, where what is younger than 1h0m0s begins; "+
					"what came before can be replayed, where that is allowed", offset+1))
			}
		}
		quiet.write(liveTopic, results(1, now-9000, now-7200, now-3601)...)
		if _, err := newPlayer(quiet, nil).ResumeLive(t.Context(), atlas.StreamResult, 1, liveCursor(liveTopic, 0, 0), time.Hour); err != nil {
			t.Errorf("where the log has nothing younger: got %v, want that the time of issue counts", err)
		}
	})
}
