package cursorseal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	cursorv1 "atlasstream/proto/cursor/v1"
	"atlasstream/services/gateway/internal/cursor"
)

func checkpoints() map[string]cursor.Checkpoint {
	return map[string]cursor.Checkpoint{
		"live": {Measurement: 1001, Live: cursor.Live{Topic: "atlas.results", Partition: 63, Offset: 1 << 40}},
		"replay": {Measurement: 1768147, Replay: &cursor.Replay{
			Start: time.UnixMilli(1426633200000), End: time.UnixMilli(1427238000000),
			Topics: []cursor.TopicPosition{
				{Topic: "atlas.archive.anycast", Progress: cursor.Progress{Low: 17, Next: 321, LastTime: 1426633300123, LastOffset: 300}, End: 2771},
				{Topic: "atlas.results", Progress: cursor.StartAt(4), End: 4},
			},
		}},
	}
}

func tokens() map[string]cursor.Token {
	issued, parameters := time.Unix(1426633300, 0), []byte(`{"msm":1001,"cursor":""}`)
	live, replay := checkpoints()["live"], checkpoints()["replay"]
	return map[string]cursor.Token{
		"live":    cursor.At(live, issued),
		"replay":  cursor.At(replay, issued),
		"several": {Issued: issued, Subscriptions: []cursor.SavedSubscription{{Checkpoint: live, Parameters: parameters}, {Checkpoint: replay, Parameters: parameters}}},
		"aged": {Issued: issued, StartOver: [][]byte{[]byte(`{"msm":5}`)}, Subscriptions: []cursor.SavedSubscription{
			{Checkpoint: live, Parameters: parameters, Issued: time.Unix(1426633200, 0)},
			{Checkpoint: cursor.Checkpoint{Measurement: 7}, Parameters: []byte(`{"msm":7,"startTime":1,"cursor":""}`)},
		}},
	}
}

// newCodec gives one with the key of the tests.
func newCodec() *Codec {
	codec := &Codec{}
	codec.SetKeys([]byte("the key of the tests"))
	return codec
}

// issuedBefore are cursors that clients may have kept since an earlier version.
var issuedBefore = map[string]string{
	"live": "yqhiin4uLVHtGsbZCNTkoqgFEh0I6QcSGAoNYXRsYXMucmVzdWx0cxA_GICAgICAIA",
	"replay": "yqhiiryIlhBnArKTCNTkoqgFEmMI0_VrGl0IgKPcz8IpEICrjvDEKRopChVhdGxhcy5hcmNoaXZlLmFueWNhc3QQERjBAiDTFSi24sSfhVMw2AQaIgoNYXRsYXMucmVzdWx0" +
		"cxAEGAQgBCj___________8BMAE",
	"several": "yqhiikScGxQvGQgGCNTkoqgFEjcI6QciGHsibXNtIjoxMDAxLCJjdXJzb3IiOiIifRIYCg1hdGxhcy5yZXN1bHRzED8YgICAgIAgEn0I0_VrIhh7Im1zbSI6MTAwMSwiY3Vyc29y" +
		"IjoiIn0aXQiAo9zPwikQgKuO8MQpGikKFWF0bGFzLmFyY2hpdmUuYW55Y2FzdBARGMECINMVKLbixJ-FUzDYBBoiCg1hdGxhcy5yZXN1bHRzEAQYBCAEKP___________wEwAQ",
	"aged": "yqhiitUfgWU936UxCNTkoqgFEj0I6QciGHsibXNtIjoxMDAxLCJjdXJzb3IiOiIifSjw46KoBRIYCg1hdGxhcy5yZXN1bHRzED8YgICAgIAgEicIByIjeyJtc20iOjcsInN0YXJ0" +
		"VGltZSI6MSwiY3Vyc29yIjoiIn0aCXsibXNtIjo1fQ",
}

// The text of a token never changes, or a client that reconnects after a deployment would be refused.
func TestCursorsOfEarlierVersions(t *testing.T) {
	for name, want := range tokens() {
		if got := newCodec().Seal(want); got != issuedBefore[name] {
			t.Errorf("%s: got  %s\nwant %s", name, got, issuedBefore[name])
		}
		if got, err := newCodec().Open(issuedBefore[name]); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// marshalled is what proto.Marshal writes.
func marshalled(t *testing.T, token cursor.Token) []byte {
	t.Helper()
	message := &cursorv1.Token{Issued: token.Issued.Unix(), Restart: token.StartOver}
	for _, from := range token.Subscriptions {
		saved := &cursorv1.SavedSubscription{Measurement: int64(from.Measurement), Parameters: from.Parameters}
		switch {
		case from.IsLive():
			live := &cursorv1.Live{Topic: from.Live.Topic, Partition: int32(from.Live.Partition), Offset: from.Live.Offset, Identity: from.Live.Identity}
			saved.Position = &cursorv1.SavedSubscription_Live{Live: live}
		case from.Replay != nil:
			saved.Position = &cursorv1.SavedSubscription_Replay{Replay: replayMessage(from.Replay)}
		}
		if !from.Issued.IsZero() {
			saved.Issued = from.Issued.Unix()
		}
		message.Subscriptions = append(message.Subscriptions, saved)
	}
	text, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func replayMessage(r *cursor.Replay) *cursorv1.Replay {
	replay := &cursorv1.Replay{Start: r.Start.UnixMilli(), End: r.End.UnixMilli()}
	for _, topic := range r.Topics {
		replay.Topics = append(replay.Topics, &cursorv1.TopicPosition{
			Topic: topic.Topic, Low: topic.Low, Next: topic.Next, End: topic.End, LastTime: topic.LastTime, LastOffset: topic.LastOffset,
			LastIdentity: topic.LastIdentity,
		})
	}
	return replay
}

func TestTokensAreWrittenAsMessages(t *testing.T) {
	all := tokens()
	all["restart"] = cursor.Token{
		Issued: time.Unix(1, 0), Subscriptions: []cursor.SavedSubscription{{Issued: time.Unix(2, 0)}}, StartOver: [][]byte{[]byte(`{"msm":1}`), {}},
	}
	all["before the first record"] = cursor.At(cursor.Checkpoint{Live: cursor.Live{Topic: "a", Offset: -1}}, time.Time{})
	all["with an identity"] = cursor.At(cursor.Checkpoint{Live: cursor.Live{Topic: "a", Offset: 1, Identity: 0xfedcba9876543210}}, time.Time{})
	all["a replay with an identity"] = cursor.At(cursor.Checkpoint{Replay: &cursor.Replay{Topics: []cursor.TopicPosition{{Progress: cursor.Progress{LastIdentity: 0xfedcba9876543210}}}}}, time.Time{})
	all["an empty replay"] = cursor.At(cursor.Checkpoint{Replay: &cursor.Replay{Topics: make([]cursor.TopicPosition, 1)}}, time.Time{})
	all["long"] = cursor.Token{Issued: time.Unix(1, 0), Subscriptions: slices.Repeat(all["several"].Subscriptions, 20)}
	all["long"].Subscriptions[3].Parameters = bytes.Repeat([]byte("x"), 1000)
	for name, token := range all {
		if got, want := appendToken(nil, &token), marshalled(t, token); !bytes.Equal(got, want) {
			t.Errorf("%s: got  %x\nwant %x", name, got, want)
		}
	}
}

//notices:last-cursor-of-others
func TestLastSealsEqualTokensOnce(t *testing.T) {
	codec := newCodec()
	all := tokens()
	sealed := 0
	seal := func(token cursor.Token) string { sealed++; return codec.Seal(token) }
	var last Last
	for round, name := range []string{"live", "live", "several", "live", "live"} {
		if got, want := last.Seal(all[name], seal), codec.Seal(all[name]); got != want {
			t.Errorf("call %d: got %s, want %s", round, got, want)
		}
	}
	if sealed != 3 {
		t.Errorf("sealed %d times, want 3", sealed)
	}
}

// A cursor comes with each message of a client, and may stand for thirty subscriptions.
func BenchmarkSeal(b *testing.B) {
	for _, subscriptions := range []int{1, 30} {
		b.Run(fmt.Sprintf("%d-places", subscriptions), func(b *testing.B) {
			codec := newCodec()
			one := cursor.SavedSubscription{Checkpoint: checkpoints()["live"], Parameters: []byte(`{"msm":1001,"cursor":""}`)}
			token := cursor.Token{Issued: time.Unix(1426633300, 0), Subscriptions: slices.Repeat([]cursor.SavedSubscription{one}, subscriptions)}
			b.ReportAllocs()
			for b.Loop() {
				codec.Seal(token)
			}
		})
	}
}

//notices:cursor-offsets-swapped
func TestCursorComesBack(t *testing.T) {
	codec := newCodec()
	for name, want := range tokens() {
		t.Run(name, func(t *testing.T) {
			text := codec.Seal(want)
			got, err := codec.Open(text)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			t.Logf("%d bytes: %s", len(text), text)
		})
	}
}

//notices:cursor-seal-unchecked
func TestDamagedCursorIsRefused(t *testing.T) {
	codec := newCodec()
	for name, token := range tokens() {
		text := codec.Seal(token)
		for i := range len(text) {
			other := byte('A')
			if text[i] == other {
				other = 'B'
			}
			want := ErrDamaged
			if i*6 < keyIDSize*8 { // base64 has six bits in a byte
				want = ErrOtherKey
			}
			if _, err := codec.Open(text[:i] + string(other) + text[i+1:]); !errors.Is(err, want) {
				t.Errorf("%s, byte %d changed: got %v, want %v", name, i, err, want)
			}
		}
	}
	nobodys := codec.Seal(cursor.At(cursor.Checkpoint{}, time.Time{}))
	for _, text := range []string{"x", "====", strings.Repeat("A", cursor.MaxLength+1), codec.Seal(cursor.Token{}), nobodys} {
		if _, err := codec.Open(text); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.20q: got %v, want ErrDamaged", text, err)
		}
	}
}

// A cursor that another key has sealed is told from what is none, also where it has the form of those before keys had IDs, and where there is no key.
//
//notices:cursor-of-another-key
func TestCursorOfAnotherKey(t *testing.T) {
	other := newCodec()
	other.SetKeys([]byte("another key"))
	for name, token := range tokens() {
		for form, text := range map[string]string{
			"now":    newCodec().Seal(token),
			"before": base64.RawURLEncoding.EncodeToString(append([]byte("its seal"), appendToken(nil, &token)...)),
		} {
			for _, codec := range []*Codec{other, {}} {
				if _, err := codec.Open(text); !errors.Is(err, ErrOtherKey) {
					t.Errorf("%s, as it is sealed %s: got %v, want ErrOtherKey", name, form, err)
				}
			}
		}
	}
	changing, text := newCodec(), newCodec().Seal(tokens()["live"])
	changing.SetKeys([]byte("another key"))
	if _, err := changing.Open(text); !errors.Is(err, ErrOtherKey) {
		t.Errorf("once the key has changed: got %v, want ErrOtherKey", err)
	}
}

// FuzzSealed has a gateway read what anybody may send: only what it has written itself comes through.
func FuzzSealed(f *testing.F) {
	codec := newCodec()
	for _, token := range tokens() {
		f.Add(codec.Seal(token))
		f.Add(base64.RawURLEncoding.EncodeToString(append([]byte("its seal"), appendToken(nil, &token)...)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := codec.Open(text)
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrOtherKey) {
			t.Errorf("%q: got %v", text, err)
		}
		if err == nil && codec.Seal(token) != text {
			t.Errorf("%q is read as %+v, which is written otherwise", text, token)
		}
	})
}

// The seal is left out, as it would keep nearly all that a fuzzer makes up from being looked at.
func FuzzCursor(f *testing.F) {
	for _, token := range tokens() {
		f.Add(appendToken(nil, &token))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		token, err := decodeToken(body)
		if err != nil {
			return
		}
		if got, want := appendToken(nil, &token), marshalled(t, token); !bytes.Equal(got, want) {
			t.Errorf("%q: got  %x\nwant %x", body, got, want)
		}
		if again, err := decodeToken(appendToken(nil, &token)); err != nil || !reflect.DeepEqual(again, token) {
			t.Errorf("%q: got %+v, %v, want %+v", body, again, err, token)
		}
	})
}
