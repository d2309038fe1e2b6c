package session

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/replay"
)

func TestNothingBeginsInAReplayThatIsOver(t *testing.T) {
	house := newHouseWith(Settings{Replays: &Replays{}})
	subscriber := house.join(t, &inbox{})
	defer subscriber.Leave()
	over := replay.New(&subscriber.Recipient, parse(t, replayed), &house.playing, prometheus.NewCounter(prometheus.CounterOpts{}))
	over.Prepare(context.Background())
	over.CloseIfEmpty()
	if err := over.Begin(&delivery.Active{Recipient: &subscriber.Recipient, Wanted: parse(t, replayed)}); !errors.Is(err, replay.ErrOver) {
		t.Errorf("got %v, want ErrOver", err)
	}
}
