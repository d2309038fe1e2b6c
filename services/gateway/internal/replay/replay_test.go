package replay_test

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestSubscriptionToAReplayThatIsOver(t *testing.T) {
	var recipient delivery.Recipient
	shared := &delivery.Shared{}
	recipient.Init(&sessiontest.DiscardingClient{}, delivery.Rights{}, nil, shared)
	wanted := sessiontest.MustParse(t, sessiontest.ReplayParameters)
	settings := &replay.Settings{Shared: shared, Access: &delivery.AccessRules{}}
	over := replay.New(&recipient, wanted, settings, prometheus.NewCounter(prometheus.CounterOpts{}))
	over.Prepare(context.Background())
	over.CloseIfEmpty()
	if err := over.Begin(&delivery.Active{Recipient: &recipient, Wanted: wanted}); !errors.Is(err, replay.ErrOver) {
		t.Errorf("got %v, want ErrOver", err)
	}
}
