package cursor

import (
	"slices"
	"testing"
	"time"
)

// severalAges is a token of a subscription that is older than it, of a replay that has not begun, and of one that restarts.
func severalAges() Token {
	live := Live{Topic: "atlas.results", Partition: 63, Offset: 1 << 40}
	return Token{Issued: time.Unix(1426633300, 0), StartOver: [][]byte{[]byte(`{"msm":5}`)}, Subscriptions: []SavedSubscription{
		{Checkpoint{Measurement: 1001, Live: live}, []byte(`{"msm":1001,"cursor":""}`), time.Unix(1426633200, 0)},
		{Checkpoint: Checkpoint{Measurement: 7}, Parameters: []byte(`{"msm":7,"startTime":1,"cursor":""}`)},
	}}
}

// A token gives back each of its subscriptions, and those that restart without a checkpoint.
func TestEachSubscription(t *testing.T) {
	token := severalAges()
	each := token.Each()
	var parameters []string
	for _, saved := range each {
		parameters = append(parameters, string(saved.Parameters))
	}
	if want := []string{`{"msm":1001,"cursor":""}`, `{"msm":7,"startTime":1,"cursor":""}`, `{"msm":5}`}; !slices.Equal(parameters, want) {
		t.Fatalf("got %q, want %q", parameters, want)
	}
	if each[0].Checkpoint != token.Subscriptions[0].Checkpoint || each[0].StartsOver() {
		t.Errorf("got %+v of the live subscription", each[0])
	}
	if begins := each[1]; begins.Measurement != 7 || begins.IsLive() || begins.Replay != nil || begins.StartsOver() {
		t.Errorf("got %+v of the replay that has not begun", begins)
	}
	if !each[2].StartsOver() {
		t.Errorf("got %+v of the subscription without a checkpoint", each[2])
	}
}

// A subscription keeps the time at which it was issued, however often it is saved and restored, or its cursor would be good for ever.
//
//notices:resumed-cursor-ageless,pending-subscription-ageless
func TestSubscriptionsGrowOld(t *testing.T) {
	token := severalAges()
	for i, want := range []time.Time{time.Unix(1426633200, 0), token.Issued} {
		saved := token.Each()[i]
		if own := saved.Token(); !own.Issued.Equal(want) || !own.Subscriptions[0].Issued.IsZero() {
			t.Errorf("subscription %d by itself: got %+v, want it of %v", i, own, want)
		}
		later := Token{Issued: token.Issued.Add(time.Hour), Subscriptions: token.Each()[:2]}
		if again := later.Each()[i]; !again.Issued.Equal(want) {
			t.Errorf("subscription %d an hour later: got %+v, want it of %v", i, again, want)
		}
	}
}

// With a token of several subscriptions to a measurement, another subscription resumes where most is to come.
//
//notices:latest-position-resumes
func TestFindGivesTheEarliest(t *testing.T) {
	token := Token{}
	for _, offset := range []int64{99, 60, 70} {
		at := Checkpoint{Measurement: 1, Live: Live{Topic: "atlas.results", Offset: offset}}
		token.Subscriptions = append(token.Subscriptions, SavedSubscription{Checkpoint: at})
	}
	if found, err := token.Find(1, false); err != nil || found.Live.Offset != 60 {
		t.Errorf("got %+v, %v, want the offset 60", found, err)
	}
	if found, err := token.Find(1, true); err == nil {
		t.Errorf("in a replay: got %+v, want nothing", found)
	}
	if found, err := token.Find(2, false); err == nil {
		t.Errorf("of another measurement: got %+v, want nothing", found)
	}
	if found, err := (Token{StartOver: [][]byte{[]byte(`{"msm":1}`)}}).Find(1, false); err == nil {
		t.Errorf("of subscriptions that restart: got %+v, want nothing", found)
	}
}
