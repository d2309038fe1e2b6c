package resume_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// identified makes a record whose event ID has a number as its identity.
func identified(measurement atlas.MeasurementID, identity byte) atlas.Record {
	record := sessiontest.Records(1, measurement, 1)[0]
	record.ID[7] = identity
	return record
}

// expectIdentity expects the position of a measurement in the cursor at the end of a message.
func expectIdentity(t *testing.T, message string, measurement atlas.MeasurementID, offset int64, identity uint64) {
	t.Helper()
	words := strings.Fields(message)
	token, err := sessiontest.JSONCursors{}.Open(words[len(words)-1])
	if err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	got, err := token.Find(measurement, false)
	if want := (cursor.Live{Topic: sessiontest.Topic, Offset: offset, Identity: identity}); err != nil || got.Live != want {
		t.Errorf("measurement %d: got %+v, %v, want %+v", measurement, got.Live, err, want)
	}
}

// A cursor tells which record it is behind: that of its message or, where nothing has come for a subscription, the last one that was delivered in its partition.
func TestCursorsIdentifyTheirRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		expectIdentity(t, confirmation(t, hub, `{"msm":1,"cursor":""}`), 1, -1, 0)
		hub.Log.Append(0, identified(1, 10), identified(2, 11))
		hub.Receive()
		expectIdentity(t, hub.Received[0], 1, 0, 10)
		expectIdentity(t, confirmation(t, hub, `{"msm":3,"cursor":""}`), 3, 1, 11)
		hub.Received = nil
		hub.Log.Append(0, identified(1, 12))
		hub.Receive()
		expectIdentity(t, hub.Received[0], 1, 2, 12)
		expectIdentity(t, hub.Received[0], 3, 1, 11)
		hub.Log.Stream.Gap(0, 3, 1)
		hub.Receive()
		expectIdentity(t, confirmation(t, hub, `{"msm":4,"cursor":""}`), 3, 0, 0)
	})
}

// A cursor of one subscription identifies its record also when it comes as nothing else does, and with the confirmation of a subscription that resumes.
func TestCursorsOfOneSubscriptionIdentifyTheirRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		wantCursors(hub, false)
		hub.Log.Append(0, identified(1, 10), identified(2, 11), identified(3, 12))
		at := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: sessiontest.Topic, Identity: 10}}
		after := sessiontest.JSONCursors{}.Seal(cursor.At(at, time.Time{}))
		expectIdentity(t, confirmation(t, hub, fmt.Sprintf(`{"msm":1,"cursor":%q}`, after)), 1, 0, 10)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go hub.SendCursors(ctx)
		time.Sleep(21 * time.Second)
		hub.Receive()
		expectIdentity(t, hub.Received[len(hub.Received)-1], 1, 2, 12)
	})
}
