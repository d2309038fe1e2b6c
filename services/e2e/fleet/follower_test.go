//go:build fleet

package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

// follower is a real client that receives numbered results, each once and in order if it has cursors. Others may miss some while they reconnect.
type follower struct {
	realclient.Config
	hasCursors  bool
	client      *realclient.Client
	cursor      string
	number      int64 // of the last result
	reconnected bool  // since then
	subscribed  atomic.Bool
	complete    atomic.Bool
	disconnects int
	missed      int64
	fault       error // why it has stopped
	ended       atomic.Bool
}

func (f *follower) hasEnded() bool { return f.ended.Load() }

// startFollowers starts every client from npm and PyPI that reconnects by itself, and subscribes it. AtlasStream of cousteau hides cursors.
func startFollowers(t *testing.T, address string) (followers []*follower) {
	t.Helper()
	for _, config := range slices.Concat(realclient.NodeConfigs(), realclient.PythonConfigs()) {
		followers = append(followers, &follower{Config: config, hasCursors: true})
	}
	for _, config := range realclient.CousteauConfigs() {
		if config.Reconnects != realclient.DoesNotReconnect {
			followers = append(followers, &follower{Config: config})
		}
	}
	var starting errgroup.Group
	starting.SetLimit(4)
	for _, f := range followers {
		starting.Go(func() error {
			f.client = f.Start(t, &testcluster.Cluster{Public: address})
			return nil
		})
	}
	_ = starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return followers
}

func (f *follower) subscribe() {
	parameters := `"msm":1001`
	if f.hasCursors {
		parameters += fmt.Sprintf(`,"cursor":%q`, f.cursor)
	}
	f.client.Emit("atlas_subscribe", json.RawMessage(f.Before+parameters+f.After))
}

// run subscribes and receives until the last result.
func (f *follower) run() {
	defer f.ended.Store(true)
	f.subscribe()
	for !f.complete.Load() && f.fault == nil {
		message, open := <-f.client.Received
		if !open {
			f.fault = errors.New("the client ended")
			return
		}
		f.fault = f.take(message)
	}
}

func (f *follower) take(message []byte) error {
	var parts []json.RawMessage
	var event string
	if err := json.Unmarshal(message, &parts); err != nil || len(parts) == 0 || json.Unmarshal(parts[0], &event) != nil {
		return fmt.Errorf("received %.200q", message)
	}
	switch event {
	case "disconnect":
		f.disconnects++
	case "connect":
		f.reconnected = true
		if recovers := f.Recovers && f.cursor != ""; f.Reconnects == realclient.ReconnectsOnly && !recovers {
			f.subscribe()
		}
	case "atlas_subscribed":
		f.subscribed.Store(true)
	case "atlas_result":
		return f.takeResult(parts[1:])
	case "upgrade", "recovered":
	default:
		return fmt.Errorf("after result %d: received %.200s", f.number, message)
	}
	return nil
}

func (f *follower) takeResult(arguments []json.RawMessage) error {
	number := workload.NumberIn(arguments[0], `"number":`)
	switch {
	case number == f.number+1:
	case f.hasCursors || !f.reconnected:
		return fmt.Errorf("received result %d after %d", number, f.number)
	default:
		f.missed += max(0, number-f.number-1)
	}
	f.number, f.reconnected = number, false
	if len(arguments) > 1 {
		if err := json.Unmarshal(arguments[1], &f.cursor); err != nil {
			return err
		}
	}
	f.complete.Store(bytes.Contains(arguments[0], []byte(`"last":true`)))
	return nil
}
