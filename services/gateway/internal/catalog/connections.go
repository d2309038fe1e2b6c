package catalog

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
)

const (
	// EventMaxAge is how long a connection event counts. A gateway that starts reads as far back, so that all gateways know the same.
	EventMaxAge = 24 * time.Hour
	// EventMaxAhead is how far an event's time may be ahead of the gateway's clock; beyond that it would count as the newest for too long. Kafka 4 refuses
	// such records.
	EventMaxAhead = time.Hour
	sweepEvery    = time.Hour
	// maxConnections is enough for every probe of the catalog, and for as many that it does not know (yet).
	maxConnections = 2 * maxObjects
	// connectionBytes is about what an event takes in memory.
	connectionBytes = 100
)

// connectionState is the state of a probe after a connection event.
type connectionState struct {
	at        time.Time
	offset    int64 // of the event; it orders events of the same time, as they are in one partition
	connected bool
}

func isConnection(record *atlas.Record) bool { return record.Stream == atlas.StreamProbeStatus }

func connectionOf(record *atlas.Record) (connectionState, error) {
	if !isConnection(record) {
		return connectionState{}, fmt.Errorf("stream: got %q, want %q", record.Stream, atlas.StreamProbeStatus)
	}
	event := gjson.GetBytes(record.Value, "event").String()
	if event != "connect" && event != "disconnect" {
		return connectionState{}, fmt.Errorf(`event: got %.40q, want "connect" or "disconnect"`, event)
	}
	return connectionState{at: record.Time, offset: record.Position.Offset, connected: event == "connect"}, nil
}

func (c connectionState) isCurrent(now time.Time) bool {
	age := now.Sub(c.at)
	return -EventMaxAhead <= age && age <= EventMaxAge
}

func (c connectionState) isNewerThan(other connectionState) bool {
	if order := c.at.Compare(other.at); order != 0 {
		return order > 0
	}
	return c.offset > other.offset
}

// appendStatus appends the status that the probe has since the event, with RIPE's numbers and names.
func (c connectionState) appendStatus(to []byte) []byte {
	if c.connected {
		to = append(to, `"status_id":1,"status_name":"Connected","status_since":`...)
	} else {
		to = append(to, `"status_id":2,"status_name":"Disconnected","status_since":`...)
	}
	return strconv.AppendInt(to, c.at.Unix(), 10)
}

// connections has the newest connection event of each probe that had one within EventMaxAge, by (event time, offset).
type connections struct {
	logger    *zap.Logger
	metrics   tableMetrics
	maxEvents int
	progress  progress
	caughtUp  atomic.Bool

	mu     sync.RWMutex
	latest map[atlas.ProbeID]connectionState
	swept  time.Time
	full   bool // it is logged that the limit is reached
}

func newConnections(logger *zap.Logger, metrics *metrics) *connections {
	return &connections{
		logger:    logger.With(zap.String("catalog", nameConnections)),
		metrics:   metrics.of(nameConnections),
		maxEvents: maxConnections,
		progress:  newProgress(),
		latest:    make(map[atlas.ProbeID]connectionState),
		swept:     time.Now(),
	}
}

func (c *connections) catchUp() {
	if !c.caughtUp.Swap(true) {
		c.metrics.caughtUp.Set(1)
	}
}

// apply applies events. When the limit is reached, events of probes that are known to the catalog replace those of others.
func (c *connections) apply(records []atlas.Record, isKnown func(atlas.ProbeID) bool) {
	now := time.Now()
	differs := false
	for i := range records {
		event, err := connectionOf(&records[i])
		if err != nil {
			c.metrics.rejected.Inc()
			c.logger.Warn("cannot parse a connection event", zap.Int64("offset", records[i].Position.Offset), zap.Error(err))
			continue
		}
		if event.isCurrent(now) && c.applyEvent(records[i].Probe, event, isKnown) {
			differs = true
		}
	}
	c.sweep(now)
	if differs {
		c.metrics.update(c.count(), int64(c.count())*connectionBytes)
	}
	if len(records) > 0 {
		c.progress.raiseOffset(records[len(records)-1].Position.Offset, differs)
	}
}

func (c *connections) applyEvent(id atlas.ProbeID, event connectionState, isKnown func(atlas.ProbeID) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	former, known := c.latest[id]
	if known && !event.isNewerThan(former) {
		return false
	}
	if !known && len(c.latest) >= c.maxEvents {
		c.noteFull()
		if !isKnown(id) || !c.evictUnknown(isKnown) {
			c.metrics.rejected.Inc()
			return false
		}
	}
	c.latest[id] = event
	return true
}

// noteFull logs once that events are dropped. It is called with the lock held.
func (c *connections) noteFull() {
	if c.full {
		return
	}
	c.full = true
	c.metrics.full.Set(1)
	c.logger.Warn("the limit of probes with a recent connection event is reached: further events of probes that no probe object is of are dropped",
		zap.Int("kept", c.maxEvents))
}

// evictUnknown deletes the event of one probe that the catalog does not know.
func (c *connections) evictUnknown(isKnown func(atlas.ProbeID) bool) bool {
	for id := range c.latest {
		if !isKnown(id) {
			delete(c.latest, id)
			return true
		}
	}
	return false
}

// sweep deletes outdated events, once per sweepEvery.
func (c *connections) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.swept) < sweepEvery {
		return
	}
	c.swept = now
	for id, event := range c.latest {
		if !event.isCurrent(now) {
			delete(c.latest, id)
		}
	}
}

func (c *connections) count() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.latest)
}

// get returns the newest event of a probe, if there is a current one.
func (c *connections) get(id atlas.ProbeID) (event connectionState, found bool) {
	c.mu.RLock()
	event, found = c.latest[id]
	c.mu.RUnlock()
	return event, found && event.isCurrent(time.Now())
}
