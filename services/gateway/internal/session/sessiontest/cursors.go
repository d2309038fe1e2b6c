package sessiontest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/session"
)

// JSONCursors are cursors that a test can read: tokens as JSON. It implements session.Cursors.
type JSONCursors struct{}

// EmptyCursor is the cursor of an empty token.
const EmptyCursor = "e30"

// AwaitKey implements session.Cursors.
func (JSONCursors) AwaitKey(context.Context) error { return nil }

// Seal omits the time of issue, which tests would have to know.
func (JSONCursors) Seal(token cursor.Token) string {
	token.Issued = time.Time{}
	text, err := json.Marshal(token)
	if err != nil {
		panic(err) // numbers and texts
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Open implements session.Cursors.
func (JSONCursors) Open(text string) (token cursor.Token, err error) {
	err = json.Unmarshal(decode(text), &token)
	return token, err
}

func decode(text string) []byte {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err) // JSONCursors have made it
	}
	return decoded
}

// SealedCursors are cursors as a gateway has them. It implements session.Cursors.
type SealedCursors struct{ *cursorseal.Codec }

// NewSealedCursors makes cursors that are sealed with a key.
func NewSealedCursors(key string) SealedCursors {
	codec := &cursorseal.Codec{}
	codec.SetKeys([]byte(key))
	return SealedCursors{codec}
}

// AwaitKey implements session.Cursors.
func (SealedCursors) AwaitKey(context.Context) error { return nil }

// Resumptions has a session recall saved subscriptions, of which those that restart must be the last.
func Resumptions(t *testing.T, client *session.Session, saved ...cursor.SavedSubscription) []*session.Resumption {
	t.Helper()
	var token cursor.Token
	for _, each := range saved {
		if each.StartsOver() {
			token.StartOver = append(token.StartOver, each.Parameters)
		} else {
			token.Subscriptions = append(token.Subscriptions, each)
		}
	}
	resumptions, err := client.Recall(t.Context(), JSONCursors{}.Seal(token))
	if err != nil {
		t.Fatal(err)
	}
	return resumptions
}

// CursorAfter is the cursor of a subscription to a measurement behind an offset of partition 0 of a Log.
func CursorAfter(measurement atlas.MeasurementID, offset int64) string {
	live := cursor.Live{Topic: Topic, Offset: offset}
	return JSONCursors{}.Seal(cursor.At(cursor.Checkpoint{Measurement: measurement, Live: live}, time.Time{}))
}

// Checkpoints reads the cursor at the end of a message: parameters of a subscription to the offset up to which the client has everything.
func Checkpoints(t *testing.T, message string) map[string]int64 {
	t.Helper()
	words := strings.Fields(message)
	token, err := JSONCursors{}.Open(words[len(words)-1])
	if err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	got := make(map[string]int64)
	for _, saved := range token.Each() {
		if _, twice := got[string(saved.Parameters)]; twice {
			t.Errorf("%s: names %s twice", message, saved.Parameters)
		}
		got[string(saved.Parameters)] = saved.Live.Offset
	}
	return got
}
