package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
)

// comeBack subscribes as a session does for a client that comes back by itself.
func comeBack(t *testing.T, subscriber *Session, parameters string) error {
	t.Helper()
	defer subscriber.Client.Flush()
	wanted := parse(t, parameters)
	wanted.ResumeAfter(emptyCursor)
	return subscriber.Subscribe(context.Background(), wanted, []byte(parameters))
}

// Whoever comes back by itself with a cursor that is gone is told so right behind the confirmation, and gets what its parameters bring.
//
//notices:gone-for-good
func TestWhoComesBackToWhatIsGoneBeginsAnew(t *testing.T) {
	const missed = "[cursor_gone] it is gone; measurement 1 begins anew with "
	const old = `{"msm":1,"cursor":"e30"}`
	for _, test := range []struct {
		name, parameters string
		want             []string
	}{
		{"live", `{"msm":1}`, []string{
			`atlas_subscribed {"msm":1}`, fmt.Sprintf("atlas_error %q", missed+"what comes from now on, from offset 5 of partition 0: what came in between is missing"),
		}},
		{"from where the page began", old, []string{
			"atlas_subscribed " + old, fmt.Sprintf("atlas_error %q", missed+"what comes from now on, from offset 5 of partition 0: what came in between is missing"),
		}},
		{"with a backlog", `{"msm":1,"sendBacklog":true}`, []string{
			`atlas_subscribed {"msm":1,"sendBacklog":true}`,
			fmt.Sprintf("atlas_error %q", missed+"its backlog, from offset 3 of partition 0: what came in between is missing, and what has come already may come again"),
			at(3), at(4), `atlas_backlog_sent {"msm":1,"sendBacklog":true}`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bay := openBay(t, 100, Behind{})
				defer bay.close()
				bay.river.grow(0, same(3, 1, 1)...)
				time.Sleep(2 * time.Minute)
				bay.river.grow(0, same(2, 1, 1)...)
				bay.river.gone = protocol.Refuse(protocol.CodeCursorGone, "it is gone")
				client := &inbox{}
				subscriber := bay.join(t, client)
				defer subscriber.Leave()
				if err := comeBack(t, subscriber, test.parameters); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				client.expect(t, test.want...)
				bay.river.grow(0, same(1, 1, 1)...)
				synctest.Wait()
				client.expect(t, at(5))
			})
		})
	}
}

// at is the message of a record of measurement 1 for who has cursors.
func at(offset int64) string {
	cursor := plainCursors{}.Live(1, atlas.Position{Topic: "river", Offset: offset})
	return fmt.Sprintf(`atlas_result {"msm_id":1,"offset":%d} %s`, offset, cursor)
}

// What has stopped meanwhile has nothing more to come, wherever its client was.
func TestWhoComesBackToWhatHasStoppedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 100, Behind{})
		defer bay.close()
		bay.catalogue.put(atlas.Measurement{ID: 1, Public: true, Stopped: true})
		bay.river.gone = protocol.Refuse(protocol.CodeCursorGone, "it is gone")
		if err := comeBack(t, bay.subscriber, `{"msm":1}`); err != nil {
			t.Fatal(err)
		}
		bay.expect(t, `atlas_error "[cursor_gone] it is gone; measurement 1 begins anew with what comes from now on, from offset 0 of partition 0: `+
			`what came in between is missing"`, `atlas_unsubscribed {"msm":1}`)
	})
}

// A cursor that a page gives is its own affair, and one that was never any is refused to everybody.
//
//notices:gone-for-good
func TestWhoDoesNotBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 100, Behind{})
		defer bay.close()
		bay.river.gone = protocol.Refuse(protocol.CodeCursorGone, "it is gone")
		if err := try(t, bay.subscriber, `{"msm":1,"cursor":"e30"}`); !errors.Is(err, bay.river.gone) {
			t.Errorf("with the parameter: got %v, want [cursor_gone]", err)
		}
		bay.river.gone = protocol.Refuse("bad_cursor", "it is none")
		if err := comeBack(t, bay.subscriber, `{"msm":1}`); !errors.Is(err, bay.river.gone) {
			t.Errorf("with what is no cursor: got %v, want [bad_cursor]", err)
		}
		bay.expect(t)
	})
}

// A replay is not begun anew, as all would come twice: whoever comes back by itself is told of its end, and others are refused.
func TestReplayThatIsGoneEnds(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.tape.refusal = protocol.Refuse(protocol.CodeCursorGone, "it is gone")
		client := &finishingInbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		h.settings.Cursors = plainCursors{}
		if err := comeBack(t, subscriber, replayed); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"atlas_subscribed " + replayed, `atlas_error "[cursor_gone] it is gone; the replay of measurement 1001 cannot go on, and ends"`, "atlas_unsubscribed " + replayed,
		}
		if got := client.take(t); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		expectRefusal(t, try(t, subscriber, `{"msm":1001,"startTime":100,"speed":1,"cursor":"e30"}`), "[cursor_gone] it is gone")
		if left := subscriber.Subscriptions(); left != 0 {
			t.Errorf("%d subscriptions are left", left)
		}
	})
}
