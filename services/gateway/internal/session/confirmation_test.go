package session

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
)

// confirmed subscribes, and gives the confirmation.
func (b *bay) confirmed(t *testing.T, parameters string) (confirmation string) {
	t.Helper()
	subscribe(t, b.subscriber, parameters)
	for {
		messages, _ := b.seat.Take(1)
		if len(messages) == 0 {
			return confirmation
		}
		if text := string(messages[0].Payload()); strings.HasPrefix(text, protocol.EventSubscribed) {
			confirmation = text // behind which, as there is room now, a record may come already
		}
	}
}

// atStart is the encoding of clients that come back with the last cursor of their one subscription.
type atStart struct{ plain }

func (e atStart) EventAtStart(name string, payload []byte, cursor string) *sendqueue.Message {
	return e.EventAt(name, payload, cursor)
}

// remember has the client of a bay come back with the last cursor, which stands for all its subscriptions or for one.
func (b *bay) remember(forAll bool) {
	if b.seat.forAll = forAll; !forAll {
		b.subscriber.Encoding = atStart{}
	}
}

// The cursor of a confirmation, before the first record, is one behind which nothing is missing.
//
//notices:confirmation-too-far
func TestConfirmationStandsBeforeTheFirstRecord(t *testing.T) {
	for _, forAll := range []bool{true, false} {
		testConfirmations(t, forAll)
	}
}

func testConfirmations(t *testing.T, forAll bool) {
	t.Helper()
	after := plainCursors{}.Live(1, atlas.Position{Topic: "river", Offset: 7})
	for parameters, want := range map[string]int64{
		`{"msm":1,"prb":2,"cursor":""}`:                     19,
		fmt.Sprintf(`{"msm":1,"prb":2,"cursor":%q}`, after): 7,
		`{"msm":1,"prb":2,"sendBacklog":true,"cursor":""}`:  9,
	} {
		synctest.Test(t, func(t *testing.T) {
			bay := openBay(t, 5, Behind{})
			defer bay.close()
			bay.remember(forAll)
			bay.river.grow(0, same(10, 1, 1)...)
			time.Sleep(2 * time.Minute)
			bay.river.grow(0, same(10, 1, 1)...)
			for _, got := range standingsIn(t, bay.confirmed(t, parameters)) {
				if got != want {
					t.Errorf("%s: got a cursor behind %d, want %d", parameters, got, want)
				}
			}
		})
	}
}

// A replay has no place before its first record: who comes back gets it from its start.
func TestConfirmationOfAReplayHasNoCursor(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.settings.Cursors = plainCursors{}
		client := &inbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscriber.Encoding = atStart{}
		const replay = `{"msm":1001,"startTime":100,"cursor":""}`
		subscribe(t, subscriber, replay)
		client.expect(t, "atlas_subscribed "+replay)
	})
}

// A cursor does not stand for a record that did not fit: it will come.
//
//notices:tracker-unfit
func TestCursorDoesNotStandForWhatDidNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const first, second = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		subscribe(t, bay.subscriber, first)
		bay.river.grow(0, same(30, 1, 1)...)
		if got := standingsIn(t, bay.confirmed(t, second)); got[first] != 18 {
			t.Errorf("got a cursor behind %d, want 18, as the record at 19 was one too many", got[first])
		}
	})
}
