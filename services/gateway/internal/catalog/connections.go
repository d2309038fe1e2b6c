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
	// connectionsFor is how long a connection event counts. A gateway that starts reads as much, so that all know the same.
	connectionsFor = 24 * time.Hour
	// connectionsAhead is how far an event may run ahead of the gateway's clock; Kafka 4 refuses such ones. It would count as the newest for too long.
	connectionsAhead = time.Hour
	sweepEvery       = time.Hour
	// maxConnections leaves room for every probe of the registry, and for as many that it does not know (yet).
	maxConnections = 2 * maxObjects
	// bytesOfConnection is about what an event takes.
	bytesOfConnection = 100
)

// connection is what a connection event says of its probe.
type connection struct {
	at        time.Time
	offset    int64 // of the event, which orders those of one time: they stand in one partition
	connected bool
}

func isConnection(record *atlas.Record) bool { return record.Stream == atlas.StreamProbeStatus }

func connectionOf(record *atlas.Record) (connection, error) {
	if !isConnection(record) {
		return connection{}, fmt.Errorf("stream: got %q, want %q", record.Stream, atlas.StreamProbeStatus)
	}
	event := gjson.GetBytes(record.Value, "event").String()
	if event != "connect" && event != "disconnect" {
		return connection{}, fmt.Errorf(`event: got %.40q, want "connect" or "disconnect"`, event)
	}
	return connection{at: record.Time, offset: record.Position.Offset, connected: event == "connect"}, nil
}

func (c connection) counts(now time.Time) bool {
	age := now.Sub(c.at)
	return -connectionsAhead <= age && age <= connectionsFor
}

func (c connection) isAfter(other connection) bool {
	if order := c.at.Compare(other.at); order != 0 {
		return order > 0
	}
	return c.offset > other.offset
}

// appendStatus writes the status that the probe has since the event, as RIPE numbers and names it.
func (c connection) appendStatus(to []byte) []byte {
	if c.connected {
		to = append(to, `"status_id":1,"status_name":"Connected","status_since":`...)
	} else {
		to = append(to, `"status_id":2,"status_name":"Disconnected","status_since":`...)
	}
	return strconv.AppendInt(to, c.at.Unix(), 10)
}

// connections has the newest connection event of each probe that had one in the last 24 hours, by (event time, offset).
type connections struct {
	logger   *zap.Logger
	metrics  tableMetrics
	most     int
	progress progress
	caughtUp atomic.Bool

	mu     sync.RWMutex
	latest map[atlas.ProbeID]connection
	swept  time.Time
}

func newConnections(logger *zap.Logger, metrics *metrics) *connections {
	return &connections{
		logger:   logger.With(zap.String("registry", nameConnections)),
		metrics:  metrics.of(nameConnections),
		most:     maxConnections,
		progress: newProgress(),
		latest:   make(map[atlas.ProbeID]connection),
		swept:    time.Now(),
	}
}

func (c *connections) catchUp() {
	if !c.caughtUp.Swap(true) {
		c.metrics.caughtUp.Set(1)
	}
}

// apply takes events. When there is no room left, those of probes that are known to the registry push out others.
func (c *connections) apply(records []atlas.Record, isKnown func(atlas.ProbeID) bool) {
	now := time.Now()
	differs := false
	for i := range records {
		event, err := connectionOf(&records[i])
		if err != nil {
			c.metrics.rejected.Inc()
			c.logger.Warn("a connection event cannot be read", zap.Int64("offset", records[i].Position.Offset), zap.Error(err))
			continue
		}
		if event.counts(now) && c.take(records[i].Probe, event, isKnown) {
			differs = true
		}
	}
	c.sweep(now)
	if differs {
		c.metrics.show(c.count(), int64(c.count())*bytesOfConnection)
	}
	if len(records) > 0 {
		c.progress.rise(records[len(records)-1].Position.Offset, differs)
	}
}

func (c *connections) take(id atlas.ProbeID, event connection, isKnown func(atlas.ProbeID) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	former, known := c.latest[id]
	if known && !event.isAfter(former) {
		return false
	}
	if !known && len(c.latest) >= c.most && (!isKnown(id) || !c.makeRoom(isKnown)) {
		c.metrics.rejected.Inc()
		return false
	}
	c.latest[id] = event
	return true
}

// makeRoom forgets one probe that the registry does not know.
func (c *connections) makeRoom(isKnown func(atlas.ProbeID) bool) bool {
	for id := range c.latest {
		if !isKnown(id) {
			delete(c.latest, id)
			return true
		}
	}
	return false
}

// sweep forgets, now and then, what counts no more.
func (c *connections) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.swept) < sweepEvery {
		return
	}
	c.swept = now
	for id, event := range c.latest {
		if !event.counts(now) {
			delete(c.latest, id)
		}
	}
}

func (c *connections) count() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.latest)
}

// get gives the newest event of a probe, if one counts.
func (c *connections) get(id atlas.ProbeID) (event connection, found bool) {
	c.mu.RLock()
	event, found = c.latest[id]
	c.mu.RUnlock()
	return event, found && event.counts(time.Now())
}
