package cost

import (
	"math/rand/v2"
	"testing"
)

// Whatever comes and goes, a record is taken to be written to as many clients as may want it at most.
func TestWrites(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 1))
	var counted writes
	clients := map[selection]int{}
	for range 10_000 {
		of, once := selection{}, 1
		if n := chance.IntN(6); n > 0 {
			of.probe = 1 << n
		}
		if clients[of] > 0 && chance.IntN(2) == 0 {
			once = -1
		}
		clients[of] += once
		counted.add(of, once)
		most := 0
		for each, count := range clients {
			if each != (selection{}) {
				most = max(most, count)
			}
		}
		if want := stepsOfWrite.Times(clients[selection{}] + most); counted.steps() != want {
			t.Fatalf("got %+v, want %+v for %v", counted.steps(), want, clients)
		}
	}
}
