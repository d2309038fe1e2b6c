package outagewatch

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
	"weak"

	"atlasstream/services/gateway/internal/outage"
)

// Hitting finds by the names the same outages as a search of all.
func TestHitting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	shares := func(prefix string) (some []outage.Share) {
		for _, number := range random.Perm(20)[:random.IntN(5)] {
			some = append(some, outage.Share{Name: prefix + strconv.Itoa(number), Lost: 1})
		}
		return some
	}
	answer := &Answer{}
	for range 50 {
		answer.Outages = append(answer.Outages, outage.Outage{Countries: shares("C"), Networks: shares("AS")})
	}
	for range 100 {
		names := []string{"C" + strconv.Itoa(random.IntN(22)), "AS" + strconv.Itoa(random.IntN(22)), "C3", "C3"}
		var want []int
		for place, one := range answer.Outages {
			hit := func(s outage.Share) bool { return slices.Contains(names, s.Name) }
			if slices.ContainsFunc(one.Countries, hit) || slices.ContainsFunc(one.Networks, hit) {
				want = append(want, place)
			}
		}
		if got := answer.Hitting(names); !slices.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", names, got, want)
		}
	}
}

// An answer that is still being written to a slow client does not keep the reading it was made from.
func TestAbuseAnswerDoesNotKeepItsReading(t *testing.T) {
	answer, days := func() (*Answer, weak.Pointer[outage.Days]) {
		r := newReading(outage.NewRegistry(nil), outage.DayOf(time.Now()))
		return r.now(), weak.Make(r.days)
	}()
	runtime.GC()
	runtime.GC()
	if days.Value() != nil {
		t.Error("the reading is kept")
	}
	runtime.KeepAlive(answer)
}
