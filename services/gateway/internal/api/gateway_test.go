package api

import (
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

// gatewayState is what a page needs of /api/gateway.
type gatewayState struct {
	Now     float64
	History struct {
		Mode    string
		Allowed bool
		From    *float64
	}
	Roles   []string
	Streams map[string]*float64
	Kafka   struct {
		Reachable bool
		Since     float64
	}
	Registry struct {
		Measurements, Probes int
		CaughtUp             bool `json:"caught_up"`
	}
}

func TestGatewaySaysWhoMayReplay(t *testing.T) {
	for _, test := range []struct {
		mode    string
		header  []string
		allowed bool
		roles   int
	}{
		{"off", nil, false, 0},
		{"off", bearer(tokenOfHistory), false, 1},
		{"token", nil, false, 0},
		{"token", bearer(tokenOfNonPublic), false, 1},
		{"token", bearer(tokenOfHistory), true, 1},
		{"open", nil, true, 0},
	} {
		state := get[gatewayState](t, serve(t, Settings{History: HistoryPolicy{Mode: test.mode}}, ratelimit.Limits{}), "/api/gateway", test.header...)
		if state.History.Mode != test.mode || state.History.Allowed != test.allowed || len(state.Roles) != test.roles || state.History.From != nil {
			t.Errorf("%s with %v: got %+v", test.mode, test.header, state)
		}
	}
}

func TestGatewaySaysWhatItSees(t *testing.T) {
	newest, away := time.UnixMilli(1426633200250), time.Unix(1426633300, 0)
	server := serve(t, Settings{
		History: HistoryPolicy{MaxAge: time.Hour},
		Newest: func(stream atlas.Stream) (at time.Time) {
			if stream == atlas.StreamResult {
				at = newest
			}
			return at
		},
		Kafka: func() (bool, time.Time) { return false, away },
	}, ratelimit.Limits{})
	server.registry.ApplyProbes([]atlas.Object{{ID: 12, Value: []byte(`{"id":12}`)}})
	state := get[gatewayState](t, server, "/api/gateway")
	if *state.Streams["result"] != 1426633200.25 || state.Streams["probestatus"] != nil {
		t.Errorf("got %v", state.Streams)
	}
	if state.Kafka.Reachable || state.Kafka.Since != 1426633300 {
		t.Errorf("got %+v", state.Kafka)
	}
	if back := state.Now - *state.History.From; back < 3599.9 || back > 3600.1 {
		t.Errorf("it goes back by %g s", back)
	}
	if state.Registry.Probes != 1 || state.Registry.Measurements != 0 || state.Registry.CaughtUp {
		t.Errorf("got %+v", state.Registry)
	}
}
