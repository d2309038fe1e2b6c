package session

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/subscription"
)

// Tails follows the partitions of a live topic to which somebody subscribes.
type Tails interface {
	// Follow has the partition of a measurement delivered. It calls attach once with the partition's number and the offset before which all has been
	// delivered, under the tail's lock: every record that the log takes after Follow has returned is delivered after that. The partition is followed
	// until release is called.
	Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error)
}

// Log is the part of a live topic that clients read which are not up to date. Tails may be one too; if they are not, a client that does not keep up is closed.
type Log interface {
	catchup.Log
	// Topic is the topic's name.
	Topic() string
	// Resume gives the offset at which a subscription goes on behind a token, and the tail, which has come so far and is to be released. A *protocol.Error
	// says what is wrong with that, and what there is; its code is protocol.CodeCursorGone where it was a cursor once.
	Resume(ctx context.Context, wanted *subscription.Subscription, from cursor.Token) (tail Tail, offset int64, err error)
	// Since gives the offset before which all records of a measurement's partition are older than a time.
	Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error)
	// NamedSince is Since for a client that names the time. A *protocol.Error says that it is too long ago.
	NamedSince(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error)
}

// Tail is what Tails bring of one partition, for as long as it is not released.
type Tail interface {
	// Attach calls attach as Tails.Follow does.
	Attach(attach func(partition int, next int64))
	Release()
}
