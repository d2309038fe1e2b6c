package subscription

import (
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
)

func TestLimitAndDuration(t *testing.T) {
	for _, test := range []struct {
		parameters string
		limit      int64
		duration   time.Duration
	}{
		{`{"msm":1}`, 0, 0},
		{`{"msm":1,"limit":1}`, 1, 0},
		{`{"msm":1,"limit":"9007199254740991","duration":"0.0015"}`, 9007199254740991, 2 * time.Millisecond},
		{`{"stream_type":"metadata","duration":31622400}`, 0, 366 * 24 * time.Hour},
		{`{"msm":1,"startTime":1,"duration":1.5e1,"limit":3}`, 3, 15 * time.Second},
		{`{"msm":1,"duration":".5","limit":"03"}`, 3, 500 * time.Millisecond},
	} {
		parsed := parse(t, test.parameters)
		if parsed.Limit != test.limit || parsed.Duration != test.duration || parsed.Quota.IsBounded() != (test.limit > 0) {
			t.Errorf("%s: got %d and %s", test.parameters, parsed.Limit, parsed.Duration)
		}
	}
}

func TestLimitAndDurationRefused(t *testing.T) {
	for parameters, want := range map[string]string{
		`{"msm":1,"limit":0}`:                    `limit: got 0, want a whole number of records from 1 to 9007199254740991, after which the subscription ends`,
		`{"msm":1,"limit":1.5}`:                  `limit: got 1.5, want a whole number of records from 1 to 9007199254740991, after which the subscription ends`,
		`{"msm":1,"limit":[2]}`:                  `limit: got [2], want a whole number of records from 1 to 9007199254740991, after which the subscription ends`,
		`{"msm":1,"limit":"+2"}`:                 `limit: got "+2", want a whole number of records from 1 to 9007199254740991, after which the subscription ends`,
		`{"msm":1,"duration":"+5"}`:              `duration: got "+5", want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
		`{"msm":1,"duration":"0x1p4"}`:           `duration: got "0x1p4", want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
		`{"msm":1,"duration":""}`:                `duration: got "", want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
		`{"msm":1,"duration":0}`:                 `duration: got 0, want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
		`{"msm":1,"duration":"NaN"}`:             `duration: got "NaN", want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
		`{"msm":1,"duration":31622401}`:          `duration: got 31622401, want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
		`{"msm":1,"duration":null,"limit":null}`: `duration: got null, want a number of seconds from 0.001 to 31622400, after which the subscription ends`,
	} {
		_, err := Parse([]byte(parameters))
		if want := protocol.Errorf(protocol.CodeInvalidParameter, "%s", want); err == nil || err.Error() != want.Error() {
			t.Errorf("%s\ngot  %v\nwant %v", parameters, err, want)
		}
	}
}

// A subscription whose quota is spent matches nothing, and a record counts once for each quota, however many subscriptions it matches.
func TestQuota(t *testing.T) {
	two, three := parse(t, `{"msm":1,"limit":2}`), parse(t, `{"msm":1,"limit":3,"type":"ping"}`)
	var index Index[int]
	index.Add(0, two, three, parse(t, `{"msm":1,"prb":9}`))
	record := &atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult, Measurement: 1, Probe: 7, Type: "ping", Value: []byte(`{}`)}}
	view := NewRecordView(nil)
	for number, want := range []struct{ matches, spent int }{{1, 0}, {1, 1}, {1, 1}, {0, 0}} {
		view.Reset(record)
		view.ForgetQuotas()
		_, matches := index.Candidates(1)[0].Match(view)
		if matches != (want.matches == 1) {
			t.Fatalf("record %d: matches is %t", number, matches)
		}
		if matches {
			if spent := view.CountRecord(); len(spent) != want.spent {
				t.Errorf("record %d: %d quotas are spent, want %d", number, len(spent), want.spent)
			}
		}
	}
	if !two.Quota.IsSpent() || !three.Quota.IsSpent() {
		t.Error("a quota is not spent")
	}
}
