package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// Trail is the part of a stream's log that clients read who are behind the feed. A Feed may have one; without, who cannot keep up is closed.
type Trail interface {
	// Topic is that of the stream.
	Topic() string
	// Resume gives the offset at which a subscription goes on behind a token, and the tail, which has come so far and is to be released. A *protocol.Error
	// says what is wrong with that, and what there is; its code is protocol.CodeCursorGone where it was a cursor once.
	Resume(ctx context.Context, wanted *subscription.Subscription, from cursor.Token) (tail Tail, offset int64, err error)
	// Since gives the offset before which all records of a measurement's partition are older than a time.
	Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error)
	// Rejoin calls take, under the partition's lock, with what the feed has delivered from an offset on, and tells whether it still holds that. Who takes
	// all of it has missed nothing of what the feed delivers from then on.
	Rejoin(ctx context.Context, partition int, offset int64, take func(missed []atlas.Record)) (found bool, err error)
	// Read delivers the records of measurements that stand in a partition from an offset to before another, without repeats, or up to the log's end as it is
	// now, and gives the offset behind what it has read. Pay is called before more is read, with what was gone through since. A *LostError says that the
	// log does not have what comes next.
	Read(
		ctx context.Context, partition int, measurements []atlas.MeasurementID, from, to int64,
		pay func(ctx context.Context, records, bytes int64) error, sink Sink,
	) (next int64, err error)
}

// Tail is what a Feed brings of one partition, for as long as it is not released.
type Tail interface {
	// Attach calls attach as Feed.Follow does.
	Attach(attach func(partition int, next int64))
	Release()
}

// LostError says that the log has no record from one offset to before another any more. To below From says that it was cut or made anew.
type LostError struct{ From, To int64 }

// Error implements error.
func (e *LostError) Error() string {
	return fmt.Sprintf("the log has lost what stood from %d to before %d", e.From, e.To)
}

// Behind bounds how far clients may be behind the feed, and what those cost.
type Behind struct {
	Backlog time.Duration // how far back sendBacklog goes
	Time    time.Duration // how long ago the next record for a client came in at most
	Bytes   int64         // of the partition's values from there on at most
	Readers int           // most that read the log at once; some more may wait until their address has paid
	// ReadersOfAddress is how many of them read for the clients of one address.
	ReadersOfAddress int
	// Horizon is how many records each reading goes through before those that are wanted, to find repeats.
	Horizon int64
}

// readersOfClient is how many of a client's partitions read the log at once; the others wait for their turn.
const readersOfClient = 4

// start is where a membership begins, if not with what comes from now on.
type start struct {
	from    int64     // what stands before this offset is not for it
	backlog bool      // what stands before the log's end is backlog, and is for it
	since   time.Time // as far as it is no older
}

// locate finds where a membership begins.
func (s *Source) locate(ctx context.Context, joining *membership) (err error) {
	wanted, account := joining.wanted, joining.subscriber.account
	if joining.resumes() && s.trail != nil {
		joining.start, err = s.behindCursor(ctx, joining)
		if joining.gone = goneForOneWhoComesBack(wanted, err); joining.gone == nil {
			return err
		}
	}
	joining.start, err = s.backlogOf(ctx, wanted, account)
	return err
}

// goneForOneWhoComesBack gives the refusal of a cursor that is no reason for refusing the subscription; nil if there is none.
func goneForOneWhoComesBack(wanted *subscription.Subscription, err error) *protocol.Error {
	refusal, refused := errors.AsType[*protocol.Error](err)
	//mutate:gone-for-good
	if !refused || refusal.Code != protocol.CodeCursorGone || !wanted.Cursor.OrRestart {
		return nil
	}
	return refusal
}

// behindCursor finds where a membership resumes, unless CanResume has.
func (s *Source) behindCursor(ctx context.Context, joining *membership) (_ *start, err error) {
	if resumed := joining.resumption; resumed != nil && resumed.isFound {
		joining.tail, resumed.tail = resumed.tail, nil
		return &start{from: resumed.offset}, resumed.err
	}
	if err := joining.subscriber.account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return nil, err
	}
	token, err := joining.open()
	if err != nil {
		return nil, err
	}
	var from int64
	joining.tail, from, err = s.trail.Resume(ctx, joining.wanted, *token)
	return &start{from: from}, err
}

// backlogOf finds where the backlog begins that a subscription wants; nil for none.
func (s *Source) backlogOf(ctx context.Context, wanted *subscription.Subscription, account *readlimit.Account) (*start, error) {
	if s.trail == nil || !wanted.Backlog {
		return nil, nil
	}
	if err := account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return nil, err
	}
	since := time.Now().Add(-s.hub.settings.Behind.Backlog)
	from, err := s.trail.Since(ctx, wanted.Measurement, since)
	return &start{from: from, backlog: true, since: since}, err
}
