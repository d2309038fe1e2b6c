package session

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

func TestDrainSendsWhatWaitsAndHasNothingWaitAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"stream_type":"metadata","buffering":true}`)
		box.take(t)
		house.deliver(numbered(1), numbered(2))
		box.expect(t)
		house.Drain()
		box.expect(t, `atlas_result [{"prb_id":1},{"prb_id":2}]`)
		house.deliver(numbered(3), numbered(4))
		box.expect(t, `atlas_result [{"prb_id":3}]`, `atlas_result [{"prb_id":4}]`)
		deliver(house.metadata, object(1001, true))
		box.expect(t, `atlas_metadata [{"id":1001,"type":"ping","is_public":true}]`)
	})
}

func TestDrainTellsAClientThatCannotKeepUp(t *testing.T) {
	house, box, subscriber := buffering(t)
	defer subscriber.Leave()
	box.limit = 1
	subscribe(t, subscriber, `{"msm":1002}`)
	house.deliver(numbered(1))
	house.Drain()
	box.expectOverflows(t, 1)
}

// Whatever is delivered while the hub drains is sent all the same.
func TestDrainLosesNothingThatComesMeanwhile(t *testing.T) {
	house, box, subscriber := buffering(t)
	defer subscriber.Leave()
	var delivering sync.WaitGroup
	delivering.Go(func() {
		for number := range 500 {
			house.deliver(numbered(number))
		}
	})
	house.Drain()
	delivering.Wait()
	box.mu.Lock()
	defer box.mu.Unlock()
	if sent := strings.Count(strings.Join(box.messages, ""), `"prb_id":`); sent != 500 || box.flushed != len(box.messages) {
		t.Errorf("%d records are sent, and %d of %d messages are written", sent, box.flushed, len(box.messages))
	}
}
