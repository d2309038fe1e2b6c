package live

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/overload"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Settings are what the partitions of a topic go by.
type Settings struct {
	Shared     *delivery.Shared
	Access     *access.Rules
	Enricher   subscription.Enricher
	MaxSteps   int           // that the clients of an address cost for each record of a measurement; 0 for any number
	BehindTime time.Duration // lags up to this are known
	Detached   prometheus.Counter
	Overload   *overload.Metrics
	OnWork     func(subscription.Stats) // what subscriptions have had done with records
	// NewReader makes the reader of a target that gets what the log has from an offset on from there, not live. It is called under the partition's lock;
	// Reader.Begin follows for further subscriptions. Nil where a client that cannot take a record is closed.
	NewReader func(p *Partition, target *delivery.Target, next int64) Reader
}

// Reader delivers to a target that is detached, until it attaches it again. Its methods are called under the partition's lock.
type Reader interface {
	// Begin begins a subscription where it wants to start: without a Start at next, before which everything has been delivered live. It is called under the
	// target's lock too.
	Begin(joining *delivery.Active, next int64)
	// End removes a subscription that has ended from the target. The last one ends the reader.
	End(leaving *delivery.Active)
	// Stop ends a subscription to a measurement that has stopped, once everything is delivered that the log has before an offset.
	Stop(stopping *delivery.Active, offset int64)
	// ResetOffset tells the client what is wrong and goes on at the end of a log that was truncated or recreated.
	ResetOffset(next int64, why *protocol.Error)
	// Next is the offset before which everything has been delivered.
	Next() int64
}
