package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A record of which one stream fitted comes once in each, although another subscription goes back in the log meanwhile and finds no room either.
func TestGoingBackBehindARecordOfWhichOneStreamFitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 1000)
		defer hub.Close()
		hub.AddLog(atlas.StreamProbeStatus, hub.Log)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000,"prb":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"stream_type":"probestatus","prb":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000,"prb":1}`) // once more, so that an odd number of messages is left
		hub.Log.Append(0, append(sessiontest.Records(40, 7000, 2), sessiontest.Records(30, 7000, 1)...)...)
		synctest.Wait()
		after := sessiontest.CursorAfter(7000, -1)
		if err := hub.Session.Subscribe(context.Background(), sessiontest.MustParse(t, fmt.Sprintf(`{"msm":7000,"prb":2,"cursor":%q}`, after)), []byte(`{"msm":7000,"prb":2,"cursor":""}`)); err != nil {
			t.Fatal(err)
		}
		hub.Receive()
		came := map[string]int{}
		for _, message := range hub.Received {
			words := strings.Fields(message)
			_, offsets := sessiontest.Offsets(words[1])
			came[fmt.Sprintf("%s %d", words[0], offsets[0])]++
		}
		for message, times := range came {
			if times != 1 {
				t.Errorf("%s came %d times", message, times)
			}
		}
		if len(came) != 40+2*30 {
			t.Errorf("got %d messages, want %d", len(came), 40+2*30)
		}
	})
}
