package catchup

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
)

// simulatedClient is a client that reads in fits and starts, leaves at any point and comes back, at the same gateway or at another, with the cursors that it has.
type simulatedClient struct {
	env *environment
	connection.Transport
	random        *rand.Rand
	recovers      bool // by pid and offset
	subscriptions []*simulatedSubscription
	connections   int
	conn          *connection.Connection
	offset        string // the last cursor that came with the line's pid
	pid           string
}

// maxConnections is how often a traveller comes; the last time, it stays.
const maxConnections = 8

// run comes and goes until every wish is over. Settled is called when the first visit has begun.
func (c *simulatedClient) run(ctx context.Context, settled func()) error {
	defer func() {
		if c.conn != nil {
			c.conn.Close()
		}
	}()
	c.env.reconnecting.RLock()
	err := c.reconnect(ctx)
	c.env.reconnecting.RUnlock()
	settled()
	for err == nil && !c.isDone() {
		err = c.readAWhile(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%s, visit %d, recovering: %t: %w", c.Name, c.connections, c.recovers, err)
	}
	return err
}

func (c *simulatedClient) isDone() bool {
	for _, sub := range c.subscriptions {
		if !sub.done {
			return false
		}
	}
	return true
}

// readAWhile hears what comes, until the traveller has had enough; then it moves on.
func (c *simulatedClient) readAWhile(ctx context.Context) error {
	const typically = 120 // messages
	for left := int(c.random.ExpFloat64() * typically); left > 0 && !c.isDone(); left-- {
		c.pause(ctx)
		if err := c.receive(); err != nil {
			return err
		}
	}
	if c.isDone() || c.connections >= maxConnections {
		return nil
	}
	return c.env.letReconnect(c.isResumable(), func() error { return c.reconnect(ctx) })
}

// pause reads nothing for a while, now and then.
func (c *simulatedClient) pause(ctx context.Context) {
	if c.random.IntN(80) > 0 {
		return
	}
	select {
	case <-time.After(time.Duration(50+c.random.IntN(600)) * time.Millisecond):
	case <-ctx.Done():
	}
}

// isResumable tells whether nothing is lost if the traveller moves after the last record.
func (c *simulatedClient) isResumable() bool {
	for _, sub := range c.subscriptions {
		if sub.done || sub.replay {
			continue
		}
		if !sub.cursors || c.resumePointOf(sub) == nil || c.recovers && c.offset == "" {
			return false
		}
	}
	return true
}

// reconnect leaves without a word and comes in somewhere, and says whatever wishes are not over and were not brought back.
func (c *simulatedClient) reconnect(ctx context.Context) error {
	c.connections++
	if c.conn != nil {
		c.conn.Close()
	}
	for _, sub := range c.subscriptions {
		sub.confirmed = false
	}
	gateway := c.env.gateways[c.random.IntN(len(c.env.gateways))].Public
	if c.SubscribesByURL {
		return c.subscribe(c.subscriptions[0], func(parameters json.RawMessage, cursor string) (err error) {
			c.conn, err = c.Open(ctx, c.address(gateway, parameters, cursor))
			return err
		})
	}
	if err := c.connect(ctx, gateway); err != nil {
		return err
	}
	for _, sub := range c.subscriptions {
		if sub.done || sub.confirmed {
			continue
		}
		err := c.subscribe(sub, func(parameters json.RawMessage, _ string) error { return c.conn.Send("atlas_subscribe", parameters) })
		if err != nil {
			return err
		}
	}
	return nil
}

// address is that of a single wish. A cursor is sometimes told as browsers tell the ID of the last event.
func (c *simulatedClient) address(gateway string, parameters json.RawMessage, cursor string) connection.Options {
	options := connection.Options{Gateway: gateway, Parameters: parameters}
	if c.AlwaysCursor && cursor != "" && c.random.IntN(2) == 0 {
		options.Parameters, options.LastEventID = c.subscriptions[0].parameters(""), cursor
	}
	return options
}

// connect opens a line for several wishes. If the traveller recovers, those with cursors are there again.
func (c *simulatedClient) connect(ctx context.Context, gateway string) (err error) {
	options := connection.Options{Gateway: gateway}
	if c.recovers && c.offset != "" {
		options.PID, options.Offset = c.pid, c.offset
	}
	if c.conn, err = c.Open(ctx, options); err != nil {
		return err
	}
	if c.SocketIO && c.conn.PID == "" {
		return fmt.Errorf("there is no pid")
	}
	if options.PID == "" {
		c.pid, c.offset = c.conn.PID, ""
		return nil
	}
	if c.conn.PID != c.pid {
		return fmt.Errorf("came back with pid %s and offset %s, got the new pid %s", options.PID, options.Offset, c.conn.PID)
	}
	return c.receiveUntil(func() bool {
		for _, sub := range c.subscriptions {
			if sub.cursors && !sub.done && !sub.confirmed {
				return false
			}
		}
		return true
	})
}

// subscribe says a wish and waits until it is confirmed; what has been wished for before may come meanwhile.
func (c *simulatedClient) subscribe(sub *simulatedSubscription, say func(parameters json.RawMessage, cursor string) error) error {
	next := &segment{subscription: sub.subscription, resumesAfter: c.resumePointOf(sub), backlogEnd: noBacklog, requested: time.Now(), minEnd: c.env.end(sub.measurement)}
	cursor := ""
	if next.resumesAfter != nil {
		cursor = next.resumesAfter.cursor()
	}
	sub.segments = append(sub.segments, next)
	if err := say(sub.parameters(cursor), cursor); err != nil {
		return err
	}
	err := c.receiveUntil(func() bool { return sub.confirmed })
	next.maxEnd, next.confirmed = c.env.end(sub.measurement), time.Now()
	return err
}

// resumePointOf picks where a journey goes on: behind the last result, or now and then behind an earlier one of the last stretch.
func (c *simulatedClient) resumePointOf(sub *simulatedSubscription) *resumePoint {
	last := sub.last()
	if last == nil || !sub.cursors {
		return nil
	}
	var places []int
	for i, heard := range last.received {
		if heard.cursor != "" {
			places = append(places, i)
		}
	}
	switch {
	case len(places) == 0:
		return last.resumesAfter
	case c.random.IntN(4) == 0:
		return &resumePoint{last, places[c.random.IntN(len(places))]}
	}
	return &resumePoint{last, places[len(places)-1]}
}

func (c *simulatedClient) receiveUntil(holds func() bool) error {
	for !holds() {
		if err := c.receive(); err != nil {
			return err
		}
	}
	return nil
}

func (c *simulatedClient) receive() error {
	msg, err := c.conn.Receive()
	if err != nil {
		return err
	}
	if c.SocketIO && msg.Cursor() != "" {
		c.offset = msg.Cursor()
	}
	if err := c.handle(msg); err != nil {
		return fmt.Errorf("heard %.300s: %w", msg, err)
	}
	return nil
}

func (c *simulatedClient) handle(msg connection.Message) error {
	if msg.Event == "atlas_result" {
		return c.handleResults(msg)
	}
	sub, err := c.subscriptionOf(msg.Payload)
	if err != nil {
		return err
	}
	switch msg.Event {
	case "atlas_subscribed":
		if sub.confirmed {
			return fmt.Errorf("confirmed already")
		}
		sub.confirmed = true
	case "atlas_backlog_sent":
		sub.last().backlogEnd = len(sub.last().received)
	case "atlas_unsubscribed":
		if !sub.replay {
			return fmt.Errorf("want no end")
		}
		sub.last().complete, sub.done = true, true
	case "atlas_replay_finished":
	default:
		return fmt.Errorf("want no such event")
	}
	return nil
}

func (c *simulatedClient) subscriptionOf(parameters json.RawMessage) (*simulatedSubscription, error) {
	var named struct{ MSM json.RawMessage }
	if err := json.Unmarshal(parameters, &named); err != nil {
		return nil, err
	}
	measurement, err := strconv.Atoi(strings.Trim(string(named.MSM), `"`))
	if err != nil {
		return nil, err
	}
	return c.subscriptionTo(measurement)
}

func (c *simulatedClient) subscriptionTo(measurement int) (*simulatedSubscription, error) {
	for _, sub := range c.subscriptions {
		if sub.measurement == measurement {
			return sub, nil
		}
	}
	return nil, fmt.Errorf("measurement %d was not wished for", measurement)
}

// handleResults keeps what arrived: a result, or several in an array, of which the last has the cursor.
func (c *simulatedClient) handleResults(msg connection.Message) error {
	results := []json.RawMessage{msg.Payload}
	buffered := msg.Payload[0] == '['
	if buffered {
		if err := json.Unmarshal(msg.Payload, &results); err != nil {
			return err
		}
	}
	for i, result := range results {
		cursor := ""
		if i == len(results)-1 {
			cursor = msg.Cursor()
		}
		if err := c.handleResult(result, buffered, cursor, i == len(results)-1); err != nil {
			return err
		}
	}
	return nil
}

func (c *simulatedClient) handleResult(result json.RawMessage, buffered bool, cursor string, last bool) error {
	var traits sample.Fields
	if err := json.Unmarshal(result, &traits); err != nil {
		return err
	}
	sub, err := c.subscriptionTo(traits.Measurement)
	if err != nil {
		return err
	}
	switch {
	case !sub.confirmed || sub.done:
		return fmt.Errorf("it was confirmed: %t, and is over: %t", sub.confirmed, sub.done)
	case buffered != sub.buffering:
		return fmt.Errorf("it is in an array: %t", buffered)
	case last && (cursor != "") != (sub.cursors || c.AlwaysCursor):
		return fmt.Errorf("there is a cursor: %t", cursor != "")
	}
	segment := sub.last()
	segment.received = append(segment.received, receivedResult{string(result), cursor})
	if !sub.replay && sub.isLast(traits) {
		segment.complete, sub.done = true, true
	}
	return nil
}
