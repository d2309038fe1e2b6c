package session_test

import (
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// The clients of one address have a limit of replays in common.
func TestAbuseReplaysOfOneAddress(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{OfClient: 2, OfAddress: 3, OfHub: 10}, func(t *testing.T, h *sessiontest.ReplayHub) {
		attacker := &readlimit.Account{}
		for i := range 3 {
			subscriber := h.MustJoin(t, &sessiontest.RecordingClient{})
			defer subscriber.Leave()
			subscriber.ChargeTo(nil, attacker)
			sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
			if i < 2 {
				continue
			}
			sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, subscriber, `{"msm":1004,"startTime":100}`), "[too_many_replays] startTime: this address has 3")
		}
		honest := h.MustJoin(t, &sessiontest.RecordingClient{})
		defer honest.Leave()
		sessiontest.MustSubscribe(t, honest, sessiontest.ReplayParameters)
	})
}

//notices:replays-of-client,history-role-unchecked
func TestReplaysAreRefused(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{NeedRight: true, OfClient: 2, OfAddress: 3, OfHub: 3}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Log.CloseDelay = time.Second // ended replays count until then
		h.Measurements.Put(atlas.Measurement{ID: 1003})
		stranger, bearer, other := h.MustJoin(t, &sessiontest.RecordingClient{}), h.MustJoinWith(t, &sessiontest.RecordingClient{}, access.Rights{History: true}), h.MustJoinWith(t, &sessiontest.RecordingClient{}, access.Rights{History: true})
		defer stranger.Leave()
		defer bearer.Leave()
		defer other.Leave()
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, stranger, sessiontest.ReplayParameters), "[not_allowed] startTime: only clients with a token of the role history may replay the past here, unless its operator sets --history open")
		sessiontest.MustSubscribe(t, stranger, `{"msm":1001}`)
		sessiontest.MustSubscribe(t, bearer, `{"msm":1009}`)
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, bearer, `{"msm":1009,"prb":1,"startTime":100}`), "[already_live] startTime: ")
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, bearer, `{"msm":1009,"startTime":100}`), "[already_live] startTime: ")
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, bearer, `{"msm":1003,"startTime":100}`), "[unknown_measurement] msm: ")
		if len(h.Log.Started()) != 0 {
			t.Errorf("started %q", h.Log.Started())
		}
		sessiontest.MustSubscribe(t, bearer, `{"stream_type":"metadata","msm":1001}`) // which is not live
		sessiontest.MustSubscribe(t, bearer, sessiontest.ReplayParameters)
		for _, parameters := range []string{`"startTime":101`, `"startTime":100,"speed":2`, `"startTime":100,"endTime":200`} {
			sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, bearer, `{"msm":1001,`+parameters+`}`), "[already_playing] startTime: ")
		}
		sessiontest.MustSubscribe(t, bearer, `{"msm":1002,"startTime":100}`)
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, bearer, `{"msm":1004,"startTime":100}`), "[too_many_replays] startTime: this client has 2")
		sessiontest.MustSubscribe(t, other, sessiontest.ReplayParameters)
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, other, `{"msm":1004,"startTime":100}`), "[too_many_replays] startTime: this gateway has 3")
		sessiontest.MustUnsubscribe(t, bearer, `{"msm":1002}`)
		sessiontest.MustSubscribe(t, bearer, `{"msm":1004,"startTime":100}`)
		h.Log.OpenErr = protocol.Errorf("before_log", "it is too early")
		sessiontest.MustUnsubscribe(t, bearer, `{"msm":1004}`)
		for range 3 { // refused replays do not count
			sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, bearer, `{"msm":1002,"startTime":100}`), "[before_log] it is too early")
		}
	})
	nothing := sessiontest.NewHub()
	subscriber := nothing.MustJoin(t, &sessiontest.RecordingClient{})
	defer subscriber.Leave()
	sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, subscriber, sessiontest.ReplayParameters), "[unserved_parameter] startTime: this gateway does not replay the past; its operator can have it do so with --history")
}
