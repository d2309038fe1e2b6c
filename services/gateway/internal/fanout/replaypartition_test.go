package fanout

import (
	"errors"
	"testing"
)

func TestNothingJoinsWhatIsOver(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	defer subscriber.Leave()
	partition := newPartition(house.Hub)
	partition.conclude(nil)
	if err := partition.add(&membership{subscriber: subscriber, wanted: parse(t, replayed)}, 0); !errors.Is(err, errOver) {
		t.Errorf("got %v, want errOver", err)
	}
}
