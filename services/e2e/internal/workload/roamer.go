package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
)

// Why gateways tell clients to reconnect, as the codes of their errors.
const (
	ShuttingDown    = "shutting_down"
	PleaseReconnect = "please_reconnect"
)

// Roamer receives numbered results until the last one. It reconnects whenever its gateway tells it to and ends the connection; at other ends only if Returns.
type Roamer struct {
	connection.Transport
	Kind       string
	Parameters map[string]any                                        // of the subscription; with a cursor, it must receive every result once and in order
	Next       func(ctx context.Context) (gateway string, err error) // where to connect, and perhaps after a while
	Awake      <-chan struct{}                                       // unless it is nil, nothing is read before it is closed
	Pause      time.Duration                                         // before each result is read
	Told       func(code string)                                     // called when a gateway tells it to reconnect
	Returns    bool                                                  // it reconnects also where a connection fails: gateways may be killed

	Subscribed atomic.Bool
	Number     atomic.Int64 // of the last result
	Failures   atomic.Int64 // of connections, after which it has returned
	told       bool         // by the gateway that it is connected to
	lastHere   int64        // of the results of that gateway; without a cursor, another one may begin with a result that this one has sent
	complete   bool
}

func (r *Roamer) String() string { return r.Name + ", " + r.Kind }

// Run reads until the last result.
func (r *Roamer) Run(ctx context.Context) error {
	r.Parameters = maps.Clone(r.Parameters)
	for !r.complete {
		gateway, err := r.Next(ctx)
		if err == nil {
			err = r.readAt(ctx, gateway)
		}
		if r.Returns && errors.Is(err, errEnded) && ctx.Err() == nil {
			r.Failures.Add(1)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s, after result %d: %w", r, r.Number.Load(), err)
		}
	}
	return nil
}

// errEnded is that of a connection that ended without a word.
var errEnded = errors.New("the gateway ended the connection and has not told so")

// notAccepted is errEnded as well, unless the gateway says what is wrong with the subscription.
func notAccepted(err error) error {
	refused, is := errors.AsType[*connection.RefusedError](err)
	if errors.Is(err, connection.ErrUnexpected) || is && strings.Contains(refused.Body, "atlas_error") {
		return err
	}
	return errors.Join(errEnded, err)
}

// readAt reads until the last result, or until the gateway ends the connection after having told so.
func (r *Roamer) readAt(ctx context.Context, gateway string) error {
	options := connection.Options{Gateway: gateway, Parameters: sample.JSON(r.Parameters)}
	conn, err := r.Open(ctx, options)
	if err != nil {
		return notAccepted(err)
	}
	defer conn.Close()
	if err := conn.Subscribe(string(options.Parameters)); err != nil {
		return notAccepted(err)
	}
	r.Subscribed.Store(true)
	r.told, r.lastHere = false, 0
	if err := r.awaken(ctx); err != nil {
		return err
	}
	for !r.complete {
		await.Duration(ctx, r.Pause)
		msg, err := conn.Receive()
		switch {
		case err != nil && r.told && ctx.Err() == nil:
			return nil
		case err != nil:
			return errors.Join(errEnded, err)
		}
		if err := r.take(msg); err != nil {
			return err
		}
	}
	return nil
}

func (r *Roamer) awaken(ctx context.Context) error {
	if r.Awake == nil {
		return nil
	}
	select {
	case <-r.Awake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Roamer) take(msg connection.Message) error {
	switch msg.Event {
	case "atlas_result":
		return r.takeResult(msg)
	case "atlas_cursor":
		cursor := msg.Cursor() // the ID of Server-Sent Events
		if cursor == "" {
			if err := json.Unmarshal(msg.Payload, &cursor); err != nil {
				return err
			}
		}
		r.Parameters["cursor"] = cursor
		return nil
	case "atlas_error":
		for _, code := range []string{ShuttingDown, PleaseReconnect} {
			if strings.HasPrefix(string(msg.Payload), `"[`+code+`] `) {
				r.told = true
				r.Told(code)
				return nil
			}
		}
	}
	return fmt.Errorf("received %s", msg)
}

func (r *Roamer) takeResult(msg connection.Message) error {
	number, last := NumberIn(msg.Payload, `"number":`), r.Number.Load()
	_, hasCursors := r.Parameters["cursor"]
	if number <= r.lastHere || hasCursors && number != last+1 {
		return fmt.Errorf("received %.200s, want result %d", msg, last+1)
	}
	r.lastHere = number
	r.Number.Store(max(number, last))
	r.complete = bytes.Contains(msg.Payload, []byte(`"last":true`))
	if hasCursors {
		r.Parameters["cursor"] = msg.Cursor()
	}
	return nil
}
