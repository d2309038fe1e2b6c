package eventlog

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go/protocol"
)

const (
	// maxMeasuredBrokers is how many addresses of brokers have metrics of their own: those that are connected to first.
	maxMeasuredBrokers = 100
	// otherLabel stands for further brokers, and for kinds of requests that Kafka does not have.
	otherLabel = "other"
)

// requestTimes measures how long brokers take to answer.
type requestTimes struct {
	seconds *prometheus.HistogramVec // by broker and api

	mu      sync.Mutex
	brokers map[string]bool
}

// begin measures the requests of a new connection to the broker at an address.
func (t *requestTimes) begin(address string) requestTimer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.brokers[address] {
		if len(t.brokers) >= maxMeasuredBrokers {
			address = otherLabel
		} else {
			t.brokers[address] = true
		}
	}
	return requestTimer{seconds: t.seconds.MustCurryWith(prometheus.Labels{"broker": address})}
}

// requestTimer measures the requests of one connection, of which the next is written once the last is answered.
type requestTimer struct {
	seconds prometheus.ObserverVec // by api
	api     protocol.ApiKey        // of the request that is not answered yet
	began   time.Time              // when its first bytes were written; zero if there is none
}

// writing is called with what is written next, before that. A request begins with its length and the number of its kind.
func (t *requestTimer) writing(bytes []byte) {
	const length, kind = 4, 2
	if t.began.IsZero() && len(bytes) >= length+kind {
		t.api, t.began = protocol.ApiKey(binary.BigEndian.Uint16(bytes[length:])), time.Now()
	}
}

// answered is called when bytes were read: the first ones after a request end its time.
func (t *requestTimer) answered() {
	if !t.began.IsZero() {
		t.seconds.WithLabelValues(apiLabel(t.api)).Observe(time.Since(t.began).Seconds())
		t.began = time.Time{}
	}
}

// apiLabel is Kafka's name for a kind of requests.
func apiLabel(api protocol.ApiKey) string {
	if name := api.String(); name != "" && name[0] >= 'A' { // not the number of an unknown one
		return name
	}
	return otherLabel
}
