package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
)

// killedMeasurements are those that the clients of a gateway that is killed are subscribed to, each to one.
var killedMeasurements = []atlas.MeasurementID{1001, 1003, 5001, 10301}

// A hundred clients stream live from a gateway that is killed under load. They come back to another one with the cursors that they have, and have then
// received every result exactly once, in order, though producers post some of them twice.
func TestGatewayIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	const perEntrance, fromNPM = 19, 5
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	h := openHouse(t, kafka)
	gateway := buildGateway(t)
	first, second := gateway.start(t, kafka), gateway.start(t, kafka)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	surviving, ctx := errgroup.WithContext(ctx)
	var survivors []*survivor
	for i := range perEntrance * len(entrances) {
		survivor := newSurvivor(entrances[i%len(entrances)], i, first.public, second.public)
		survivors = append(survivors, survivor)
		surviving.Go(func() error { return survivor.live(ctx) })
	}
	clients, ways := recoveringClients(t, fromNPM, first.house)
	eventually(t, "all are subscribed", func() bool {
		return all(survivors, func(s *survivor) bool { return s.subscribed.Load() }) || ctx.Err() != nil
	})
	press := &press{house: h, measurements: killedMeasurements}
	surviving.Go(func() error { return press.run(ctx) })
	const some = 30 // results
	eventually(t, "all have heard something", func() bool {
		return ctx.Err() != nil || all(survivors, func(s *survivor) bool { return s.heard.Load() >= some }) && all(clients, func(c *client) bool { return len(c.heard) >= some })
	})
	first.kill(t)
	before := press.posted.Load()
	for _, way := range ways {
		way.leadTo(second.public)
	}
	eventually(t, "all are back and hear what is posted now", func() bool {
		return ctx.Err() != nil || all(survivors, func(s *survivor) bool { return s.heard.Load() >= before+some })
	})
	press.over.Store(true)
	if err := surviving.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, client := range clients {
		checkRecovered(t, client, killedMeasurements[i%len(killedMeasurements)], int(press.posted.Load()))
	}
	t.Logf("%d results of each measurement, %d posts of which were repeats, of %d", press.posted.Load(), press.repeated, press.posts)
}

func all[T any](things []T, hold func(T) bool) bool {
	for _, thing := range things {
		if !hold(thing) {
			return false
		}
	}
	return true
}

// press posts numbered results, the same numbers of every measurement, and some of them twice: at once or after the next ones.
type press struct {
	house           *house
	measurements    []atlas.MeasurementID
	posted          atomic.Int64 // results of each measurement
	over            atomic.Bool
	posts, repeated int
	before          [][]byte
}

func (p *press) run(ctx context.Context) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !p.over.Load() {
		if err := p.post(4, false); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return p.post(1, true)
}

// post posts so many results of each measurement, of which nothing follows the last.
func (p *press) post(count int, last bool) error {
	var results [][]byte
	for range count {
		number := p.posted.Add(1)
		for _, measurement := range p.measurements {
			results = append(results, fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","last":%t}`, measurement, number, time.Now().Unix(), last))
		}
	}
	batches := [][][]byte{results}
	switch p.posts++; p.posts % 5 {
	case 1:
		batches = append(batches, results)
	case 3:
		batches = append(batches, p.before)
	}
	p.before = results
	p.repeated += len(batches) - 1
	for _, batch := range batches {
		if status, answer, err := p.house.post(batch...); err != nil || status != http.StatusOK {
			return fmt.Errorf("posting: %d %+v %w", status, answer, err)
		}
	}
	return nil
}

// survivor is a client that comes to another gateway when its own is gone.
type survivor struct {
	entrance
	measurement atlas.MeasurementID
	recovers    bool // by pid and offset
	gateways    []string
	subscribed  atomic.Bool
	heard       atomic.Int64 // results, which are numbered
	whole       bool
	cursor, pid string
}

func newSurvivor(e entrance, number int, gateways ...string) *survivor {
	return &survivor{
		entrance: e, measurement: killedMeasurements[number%len(killedMeasurements)], recovers: e.socketIO && number%10 >= len(entrances), gateways: gateways,
	}
}

func (s *survivor) live(ctx context.Context) (err error) {
	for _, gateway := range s.gateways {
		if err = s.visit(ctx, gateway); err == nil {
			return nil
		}
		if _, cut := errors.AsType[goneError](err); !cut {
			break
		}
	}
	return fmt.Errorf("%s of measurement %d, recovering: %t, after %d results: %w", s.name, s.measurement, s.recovers, s.heard.Load(), err)
}

func (s *survivor) visit(ctx context.Context, gateway string) error {
	a := arrival{gateway: gateway, parameters: mustJSON(map[string]any{"msm": s.measurement, "cursor": s.cursor})}
	if s.recovers && s.pid != "" {
		a.pid, a.offset = s.pid, s.cursor
	}
	line, err := s.open(ctx, a)
	if err != nil {
		return err
	}
	defer line.close()
	if a.pid != "" && line.pid != a.pid {
		return fmt.Errorf("came back as %s with %s and is %s", a.pid, a.offset, line.pid)
	}
	s.pid = line.pid
	if line.say != nil && a.pid == "" {
		err = line.say("atlas_subscribe", a.parameters)
	}
	if err == nil {
		_, err = line.expect(`["atlas_subscribed",`)
	}
	s.subscribed.Store(err == nil)
	for err == nil && !s.whole {
		err = s.hear(line)
	}
	return err
}

// goneError is how a client learns that its gateway is gone.
type goneError struct{ error }

func (s *survivor) hear(line *line) error {
	heard, err := line.hear()
	if err != nil {
		return goneError{err}
	}
	var traits traits
	if err := json.Unmarshal(heard.payload, &traits); err != nil || traits.Probe != int(s.heard.Load()+1) || traits.Measurement != int(s.measurement) {
		return fmt.Errorf("heard %s", heard)
	}
	s.heard.Add(1)
	s.cursor, s.whole = heard.cursor(), traits.Last
	return nil
}

// recoveringClients are from npm, each with a way of its own, which can be led to another gateway.
func recoveringClients(t *testing.T, count int, gateway *house) (clients []*client, ways []*tunnel) {
	t.Helper()
	for i := range count {
		way := startTunnel(t, gateway.public)
		way.letUpgrade()
		there := *gateway
		there.public = way.address
		client := startNode(t, &there, "4.8", "websocket")
		client.subscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, killedMeasurements[i%len(killedMeasurements)]))
		clients, ways = append(clients, client), append(ways, way)
	}
	return clients, ways
}

// checkRecovered goes through what a client from npm heard: every result once and in order, and between two of them that it was cut off and has recovered.
func checkRecovered(t *testing.T, c *client, measurement atlas.MeasurementID, count int) {
	t.Helper()
	changes := []string{"disconnect", "connect", "recovered", "atlas_subscribed"}
	for number := 1; number <= count; {
		event, payload := c.hear(t)
		if len(changes) > 0 && event == changes[0] {
			changes = changes[1:]
			continue
		}
		result, err := atlas.ParseResult(payload)
		if err != nil || event != "atlas_result" || result.Measurement != measurement || int(result.Probe) != number {
			t.Fatalf("heard %s %s, want result %d of measurement %d, or %q", event, payload, number, measurement, changes)
		}
		number++
	}
	if len(changes) > 0 {
		t.Errorf("did not hear %q", changes)
	}
}
