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

// simulatedClient reads in bursts, disconnects at any point and reconnects to the same gateway or to the other one, with the cursors that it has.
type simulatedClient struct {
	env *environment
	connection.Transport
	random        *rand.Rand
	recovers      bool // by PID and offset
	subscriptions []*simulatedSubscription
	connections   int
	conn          *connection.Connection
	offset        string // the last cursor of the connection with the PID
	pid           string
}

// maxConnections is how often a client connects. The last connection stays open.
const maxConnections = 8

// run connects, reads and reconnects until every subscription is done. It calls connected once the first connection has subscribed.
func (c *simulatedClient) run(ctx context.Context, connected func()) error {
	defer func() {
		if c.conn != nil {
			c.conn.Close()
		}
	}()
	c.env.reconnecting.RLock()
	err := c.reconnect(ctx)
	c.env.reconnecting.RUnlock()
	connected()
	for err == nil && !c.isDone() {
		err = c.readAWhile(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%s, connection %d, recovering: %t: %w", c.Name, c.connections, c.recovers, err)
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

// readAWhile reads some messages and then reconnects.
func (c *simulatedClient) readAWhile(ctx context.Context) error {
	const mean = 120 // messages
	for left := int(c.random.ExpFloat64() * mean); left > 0 && !c.isDone(); left-- {
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

// pause sometimes waits for a while without reading.
func (c *simulatedClient) pause(ctx context.Context) {
	if c.random.IntN(80) > 0 {
		return
	}
	select {
	case <-time.After(time.Duration(50+c.random.IntN(600)) * time.Millisecond):
	case <-ctx.Done():
	}
}

// isResumable reports whether the client can resume everything if it reconnects after the last record was written.
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

// reconnect closes the connection, connects to any gateway, and subscribes to what is not done and was not recovered.
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

// address has the options of a transport whose URL is the subscription. Sometimes the cursor is the ID of the last event, as browsers send it.
func (c *simulatedClient) address(gateway string, parameters json.RawMessage, cursor string) connection.Options {
	options := connection.Options{Gateway: gateway, Parameters: parameters}
	if c.AlwaysCursor && cursor != "" && c.random.IntN(2) == 0 {
		options.Parameters, options.LastEventID = c.subscriptions[0].parameters(""), cursor
	}
	return options
}

// connect opens a connection for several subscriptions. If the client recovers, it waits until those with cursors are confirmed.
func (c *simulatedClient) connect(ctx context.Context, gateway string) (err error) {
	options := connection.Options{Gateway: gateway}
	if c.recovers && c.offset != "" {
		options.PID, options.Offset = c.pid, c.offset
	}
	if c.conn, err = c.Open(ctx, options); err != nil {
		return err
	}
	if c.SocketIO && c.conn.PID == "" {
		return fmt.Errorf("there is no PID")
	}
	if options.PID == "" {
		c.pid, c.offset = c.conn.PID, ""
		return nil
	}
	if c.conn.PID != c.pid {
		return fmt.Errorf("reconnected with PID %s and offset %s, got the new PID %s", options.PID, options.Offset, c.conn.PID)
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

// subscribe begins a segment: it subscribes and waits for the confirmation. Results of other subscriptions may arrive meanwhile.
func (c *simulatedClient) subscribe(sub *simulatedSubscription, send func(parameters json.RawMessage, cursor string) error) error {
	next := &segment{
		subscription: sub.subscription, resumesAfter: c.resumePointOf(sub), backlogEnd: noBacklog,
		requested: time.Now(), minEnd: c.env.end(sub.measurement),
	}
	cursor := ""
	if next.resumesAfter != nil {
		cursor = next.resumesAfter.cursor()
	}
	sub.segments = append(sub.segments, next)
	if err := send(sub.parameters(cursor), cursor); err != nil {
		return err
	}
	err := c.receiveUntil(func() bool { return sub.confirmed })
	next.maxEnd, next.confirmed = c.env.end(sub.measurement), time.Now()
	return err
}

// resumePointOf picks where a subscription resumes: after the last result, or sometimes after an earlier one of the last segment.
func (c *simulatedClient) resumePointOf(sub *simulatedSubscription) *resumePoint {
	last := sub.last()
	if last == nil || !sub.cursors {
		return nil
	}
	var withCursor []int
	for i, result := range last.received {
		if result.cursor != "" {
			withCursor = append(withCursor, i)
		}
	}
	switch {
	case len(withCursor) == 0:
		return last.resumesAfter
	case c.random.IntN(4) == 0:
		return &resumePoint{last, withCursor[c.random.IntN(len(withCursor))]}
	}
	return &resumePoint{last, withCursor[len(withCursor)-1]}
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
		return fmt.Errorf("received %.300s: %w", msg, err)
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
			return fmt.Errorf("it was confirmed already")
		}
		sub.confirmed = true
	case "atlas_backlog_sent":
		sub.last().backlogEnd = len(sub.last().received)
	case "atlas_unsubscribed":
		if !sub.replay {
			return fmt.Errorf("want no end of a live subscription")
		}
		sub.last().complete, sub.done = true, true
	case "atlas_replay_finished":
	default:
		return fmt.Errorf("the event is unexpected")
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
	return nil, fmt.Errorf("measurement %d was not subscribed to", measurement)
}

// handleResults keeps what arrived: a result, or several in an array. The cursor is that of the last.
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
	var fields sample.Fields
	if err := json.Unmarshal(result, &fields); err != nil {
		return err
	}
	sub, err := c.subscriptionTo(fields.Measurement)
	if err != nil {
		return err
	}
	switch {
	case !sub.confirmed || sub.done:
		return fmt.Errorf("the subscription was confirmed: %t, and is done: %t", sub.confirmed, sub.done)
	case buffered != sub.buffering:
		return fmt.Errorf("the result is in an array: %t", buffered)
	case last && (cursor != "") != (sub.cursors || c.AlwaysCursor):
		return fmt.Errorf("there is a cursor: %t", cursor != "")
	}
	segment := sub.last()
	segment.received = append(segment.received, receivedResult{string(result), cursor})
	if !sub.replay && sub.isLast(fields) {
		segment.complete, sub.done = true, true
	}
	return nil
}
