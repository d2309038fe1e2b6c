package eventlog

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"atlasstream/pkg/atlas"
)

func numberedID(number uint64) atlas.EventID {
	var value [8]byte
	binary.LittleEndian.PutUint64(value[:], number)
	return atlas.EventIDOf(value[:])
}

// searchBack is the rule in the plainest words.
func searchBack(log map[int64]atlas.EventID, offset int64, horizon int) bool {
	for before := max(0, offset-int64(horizon)); before < offset; before++ {
		if id, stands := log[before]; stands && id == log[offset] {
			return true
		}
	}
	return false
}

//notices:horizon-one-short
func TestRepeatsAreThoseWithinTheHorizon(t *testing.T) {
	for _, horizon := range []int{1, 2, 3, 8, 100} {
		for _, holes := range []int64{1, 5} {
			t.Run(fmt.Sprintf("horizon %d, holes up to %d", horizon, holes-1), func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, uint64(horizon)))
				repeats, log, found := NewRepeats(horizon), map[int64]atlas.EventID{}, 0
				for offset := int64(0); offset < 5000; offset += 1 + random.Int64N(holes) {
					log[offset] = numberedID(random.Uint64N(uint64(2*horizon + 1)))
					got, want := repeats.Add(offset, log[offset]), searchBack(log, offset, horizon)
					if got != want {
						t.Fatalf("offset %d: got repeat %v, want %v", offset, got, want)
					}
					if got {
						found++
					}
				}
				if found == 0 {
					t.Fatal("the test met no repeat")
				}
			})
		}
	}
}

// Readers that begin at different offsets agree from a horizon after the later beginning on.
func TestRepeatsAgreeWhereverTheyBegin(t *testing.T) {
	const horizon = 64
	random := rand.New(rand.NewPCG(2, 3))
	early, late := NewRepeats(horizon), NewRepeats(horizon)
	for offset := range int64(10_000) {
		id := numberedID(random.Uint64N(2 * horizon))
		first := early.Add(offset, id)
		if offset < 777 {
			continue
		}
		if second := late.Add(offset, id); offset >= 777+horizon && first != second {
			t.Fatalf("offset %d: the reader from 0 says repeat %v, the one from 777 %v", offset, first, second)
		}
	}
}

func TestRepeatsAfterReset(t *testing.T) {
	repeats := NewRepeats(4)
	repeats.Add(100, numberedID(1))
	repeats.Reset()
	if repeats.Add(3, numberedID(1)) {
		t.Error("a record is a repeat of one that was forgotten")
	}
	if !repeats.Add(4, numberedID(1)) {
		t.Error("a repeat after Reset was not seen")
	}
}

func BenchmarkRepeats(b *testing.B) {
	ids := make([]atlas.EventID, 1<<16)
	for i := range ids {
		ids[i] = numberedID(uint64(i))
	}
	repeats := NewRepeats(DefaultRepeatHorizon)
	b.ReportAllocs()
	for offset := int64(0); b.Loop(); offset++ {
		repeats.Add(offset, ids[offset%int64(len(ids))])
	}
}
