package repeats

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"atlasstream/pkg/atlas"
)

// usualHorizon is that of the programs, unless they are told another.
const usualHorizon = 16_384

func numberedID(number uint64) atlas.EventID {
	var value [8]byte
	binary.LittleEndian.PutUint64(value[:], number)
	return atlas.EventIDOf(value[:])
}

// searchBack looks for a repeat in the simplest way.
func searchBack(log map[int64]atlas.EventID, offset int64, horizon int) bool {
	for before := max(0, offset-int64(horizon)); before < offset; before++ {
		if id, found := log[before]; found && id == log[offset] {
			return true
		}
	}
	return false
}

//notices:horizon-one-short
func TestFinderLooksBackOneHorizon(t *testing.T) {
	for _, horizon := range []int{1, 2, 3, 8, 100} {
		for _, holes := range []int64{1, 5} {
			t.Run(fmt.Sprintf("horizon %d, holes up to %d", horizon, holes-1), func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, uint64(horizon)))
				finder, log, found := New(horizon), map[int64]atlas.EventID{}, 0
				for offset := int64(0); offset < 5000; offset += 1 + random.Int64N(holes) {
					log[offset] = numberedID(random.Uint64N(uint64(2*horizon + 1)))
					got, want := finder.Add(offset, log[offset]), searchBack(log, offset, horizon)
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

// Among some of the records, a Finder finds the repeats that it finds among all of them.
func TestFinderOfSomeRecords(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		horizon := 1 + random.IntN(300)
		all, some := New(horizon), New(horizon)
		for offset := range int64(2000) {
			id := numberedID(random.Uint64N(400))
			want := all.Add(offset, id)
			if id[0]%3 != 0 {
				continue
			}
			if got := some.Add(offset, id); got != want {
				t.Fatalf("seed %d, horizon %d, offset %d: got %v, want %v", seed, horizon, offset, got, want)
			}
		}
	}
}

func TestFinderHoldsOneHorizon(t *testing.T) {
	sparse := New(1000)
	for number := range int64(100_000) {
		sparse.Add(number*20, numberedID(uint64(number)))
	}
	full := New(usualHorizon)
	for number := range int64(50_000) {
		full.Add(number, numberedID(uint64(number)))
	}
	if len(full.records) != usualHorizon {
		t.Errorf("has room for %d IDs, want %d for the whole horizon", len(full.records), usualHorizon)
	}
	if len(sparse.records) > initialIDs {
		t.Errorf("has room for %d IDs, want %d for the 50 within the horizon", len(sparse.records), initialIDs)
	}
}

// Readers that begin at different offsets agree from a horizon after the later beginning on.
func TestFindersAgreeWhereverTheyBegin(t *testing.T) {
	const horizon = 64
	random := rand.New(rand.NewPCG(2, 3))
	early, late := New(horizon), New(horizon)
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

func TestFinderAfterReset(t *testing.T) {
	finder := New(4)
	finder.Add(100, numberedID(1))
	finder.Reset()
	if finder.Add(3, numberedID(1)) {
		t.Error("a record is a repeat of one that was forgotten")
	}
	if !finder.Add(4, numberedID(1)) {
		t.Error("a repeat after Reset was not seen")
	}
}

// Most records are no repeats, as in this benchmark.
func BenchmarkFinder(b *testing.B) {
	ids := make([]atlas.EventID, 1<<18)
	for i := range ids {
		ids[i] = numberedID(uint64(i))
	}
	finder := New(usualHorizon)
	b.ReportAllocs()
	for offset := int64(0); b.Loop(); offset++ {
		finder.Add(offset, ids[offset%int64(len(ids))])
	}
}
