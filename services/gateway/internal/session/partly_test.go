package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
)

// A record of which one stream fitted comes once in each, although another subscription goes back in the log meanwhile and finds no room either.
func TestGoingBackBehindARecordOfWhichOneStreamFitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 1000, Behind{})
		defer bay.close()
		bay.river.source = bay.AddSource(atlas.StreamProbeStatus, func(*Source) Tails { return bay.river })
		subscribe(t, bay.subscriber, `{"msm":7000,"prb":1}`)
		subscribe(t, bay.subscriber, `{"stream_type":"probestatus","prb":1}`)
		subscribe(t, bay.subscriber, `{"msm":7000,"prb":1}`) // once more, so that an odd number of messages is left
		bay.river.grow(0, append(same(40, 7000, 2), same(30, 7000, 1)...)...)
		synctest.Wait()
		after := plainCursors{}.Live(7000, atlas.Position{Topic: "river", Offset: -1})
		if err := bay.subscriber.Subscribe(context.Background(), parse(t, fmt.Sprintf(`{"msm":7000,"prb":2,"cursor":%q}`, after)), []byte(`{"msm":7000,"prb":2,"cursor":""}`)); err != nil {
			t.Fatal(err)
		}
		bay.listen()
		came := map[string]int{}
		for _, message := range bay.heard {
			words := strings.Fields(message)
			_, offsets := offsetsIn(words[1])
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
