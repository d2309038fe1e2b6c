package lag

import (
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
)

// A record came in between two known times: its age is computed from the later one, and the beginning of a gap from the earlier.
func TestAgeOfRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var lag Estimator
		lag.Reach(100)
		for offset := int64(100); offset < 130; offset++ { // one a second, of which each fourth is kept
			time.Sleep(time.Second)
			lag.Note([]atlas.Record{{Position: atlas.Position{Offset: offset}}}, 1024*2*time.Second)
		}
		for offset := int64(100); offset < 130; offset++ {
			came := began.Add(time.Duration(offset-99) * time.Second)
			if after := lag.CameAfter(offset); after.After(came) || came.Sub(after) > 4*time.Second {
				t.Errorf("record %d came in after %s, which is told to be %s", offset, came.Sub(began), after.Sub(began))
			}
			if age, _ := lag.Of(offset); age > time.Since(came) {
				t.Errorf("record %d came in %s ago, which is told to be %s", offset, time.Since(came), age)
			}
		}
		if after := lag.CameAfter(7); after.After(began) {
			t.Errorf("a record of before is told to have come in after %s", after.Sub(began))
		}
		lag.ResetOffset(5)
		if after := lag.CameAfter(5); !after.Equal(time.Now()) {
			t.Errorf("the log was recreated %s after that", time.Since(after))
		}
	})
}
