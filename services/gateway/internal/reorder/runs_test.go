package reorder

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever the order in which entries come, and when they are taken, the least comes first.
//
//notices:run-out-of-order
func TestRunsGiveTheLeast(t *testing.T) {
	const count = 1000
	random := rand.New(rand.NewPCG(1, 1))
	for name, timeOf := range map[string]func(n int64) int64{
		"in order":                   func(n int64) int64 { return n },
		"in the opposite order":      func(n int64) int64 { return -n },
		"in as many runs as fit":     func(n int64) int64 { return n/maxRuns - n%maxRuns*count },
		"in one run more":            func(n int64) int64 { return n/(maxRuns+1) - n%(maxRuns+1)*count },
		"in runs that begin earlier": func(n int64) int64 { return n/100*50 + n%100 },
		"in no order":                func(int64) int64 { return random.Int64N(count) },
	} {
		t.Run(name, func(t *testing.T) {
			var sorted runs
			var left []Key
			for n := range int64(count) {
				key := Key{timeOf(n), n}
				sorted.add(entry{Key: key, held: int32(n)})
				left = append(left, key)
				for range random.IntN(3) {
					left = takeLeast(t, &sorted, left)
				}
			}
			for len(left) > 0 {
				left = takeLeast(t, &sorted, left)
			}
			if !sorted.isEmpty() || len(sorted.all) > maxRuns {
				t.Errorf("got %d entries more and %d runs, want none and at most %d", len(sorted.firsts), len(sorted.all), maxRuns)
			}
		})
	}
}

func takeLeast(t *testing.T, from *runs, left []Key) []Key {
	t.Helper()
	if len(left) == 0 {
		return left
	}
	least := slices.MinFunc(left, func(a, b Key) int {
		if a.isBefore(b) {
			return -1
		}
		return 1
	})
	got := from.first()
	from.remove()
	if got.Key != least || int64(got.held) != least.Offset {
		t.Fatalf("got entry %d of %v, want %v", got.held, got.Key, least)
	}
	return slices.DeleteFunc(left, func(key Key) bool { return key == least })
}
