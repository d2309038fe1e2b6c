package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
)

// hesitant is a river in which whoever wants to rejoin the feed waits until the test lets it go on, whatever has become of its context, as for a lock.
type hesitant struct {
	*river
	goOn chan struct{}
}

func (h *hesitant) Rejoin(ctx context.Context, number int, offset int64, missed func([]atlas.Record)) (bool, error) {
	<-h.goOn
	return h.river.Rejoin(ctx, number, offset, missed)
}

// mixed makes records of measurements 1 and 2 in turn.
func mixed(pairs int) (records []atlas.Record) {
	for range pairs {
		records = append(records, append(same(1, 1, 1), same(1, 2, 1)...)...)
	}
	return records
}

// goOnWithTheOther goes on with measurement 2 behind the first record of all.
func (b *bay) goOnWithTheOther(t *testing.T) {
	t.Helper()
	after := plainCursors{}.Live(2, atlas.Position{Topic: "river", Offset: 0})
	if err := b.subscriber.Subscribe(context.Background(), parse(t, fmt.Sprintf(`{"msm":2,"cursor":%q}`, after)), []byte(`{"msm":2,"cursor":""}`)); err != nil {
		t.Fatal(err)
	}
}

// expectBoth expects all records of mixed.
func (b *bay) expectBoth(t *testing.T, pairs int) {
	t.Helper()
	b.listen()
	got, want := map[atlas.MeasurementID][]int64{}, map[atlas.MeasurementID][]int64{}
	for _, message := range b.heard {
		measurement, offsets := offsetsIn(strings.Fields(message)[1])
		got[measurement] = append(got[measurement], offsets...)
	}
	for pair := range int64(pairs) {
		want[1], want[2] = append(want[1], 2*pair), append(want[2], 2*pair+1)
	}
	for measurement := range want {
		if !slices.Equal(got[measurement], want[measurement]) {
			t.Errorf("got  %v of measurement %d\nwant %v", got[measurement], measurement, want[measurement])
		}
	}
}

// A subscription may want what stands before where its client's reading of the log has come to: the reading begins anew, for both.
//
//notices:reading-goes-on
func TestGoingBackWhileTheLogIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		subscribe(t, bay.subscriber, `{"msm":1}`)
		bay.river.grow(0, mixed(60)...)
		synctest.Wait()
		for range 19 {
			messages, _ := bay.seat.Take(1)
			bay.hear(messages)
		}
		synctest.Wait() // the log is read now, and its reader waits for room
		bay.goOnWithTheOther(t)
		bay.expectBoth(t, 60)
	})
}

// It may come between the look at where the client stands and what the feed holds from there on.
//
//notices:missed-from-elsewhere
func TestGoingBackWhileTheFeedIsRejoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 1000, Behind{})
		defer bay.close()
		river := &hesitant{bay.river, make(chan struct{})}
		bay.river.source.log = river
		subscribe(t, bay.subscriber, `{"msm":1}`)
		bay.river.grow(0, mixed(60)...)
		bay.listen()
		bay.goOnWithTheOther(t)
		close(river.goOn)
		bay.expectBoth(t, 60)
	})
}
