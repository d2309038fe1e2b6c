package outagewatch

import (
	"context"
	"fmt"
	"iter"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// MaxInterval bounds an interval of History.
	MaxInterval = 7 * 24 * time.Hour
	// MaxEvents bounds the events that History reads. The outages of a day depend on the 32 days before as well; the real network has some 17,000 events a
	// day.
	MaxEvents = 1_000_000
	// eventsPerRun is how many events one run reads, between which others run.
	eventsPerRun = 50_000
)

// History returns the outages that were on in a past interval, and how much it read. The account pays for that.
func (w *Watch) History(ctx context.Context, account *readlimit.Account, from, to time.Time) (*Answer, answerscan.Read, error) {
	now := w.reading()
	if now == nil {
		return nil, answerscan.Read{}, ErrNotReady
	}
	p := &historyScan{first: outage.DayOf(from) - 1, last: outage.DayOf(to), scan: w.settings.Scans.New()}
	if err := p.locate(ctx, w.settings.Log, account, p.first.ReadFrom(), p.last.ReadTo()); err != nil {
		return nil, answerscan.Read{}, err
	}
	paid, err := account.Begin(ctx, w.settings.Horizon+p.end-p.next) // for all of it: a client that waits until its address can pay must not hold up others
	if err != nil {
		return nil, answerscan.Read{}, err
	}
	answer, err := w.readHistory(ctx, account, p, now, from, to)
	read := p.scan.Read()
	_ = paid.Settle(ctx, read.Records, read.Bytes) // events may be longer than estimated; the answer is not discarded
	return answer, read, err
}

// readHistory waits for its turn and reads.
func (w *Watch) readHistory(ctx context.Context, account *readlimit.Account, p *historyScan, now *reading, from, to time.Time) (*Answer, error) {
	release, err := w.historyPool.Acquire(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", answerscan.ErrBusy, err)
	}
	defer release()
	p.days = outage.DaysOf(now.registry, p.first, p.last)
	if err := p.read(ctx, w.settings.Log); err != nil {
		return nil, err
	}
	answer := now.answerOf(p.days)
	answer.From, answer.To, answer.Outages = from, to, p.days.Between(from, to)
	p.days = nil // frees far more memory than the answer takes
	return answer, nil
}

// historyScan reads the events of a past interval.
type historyScan struct {
	first, last outage.Day
	days        *outage.Days
	scan        *answerscan.Scan
	next, end   int64
}

// locate looks up the offsets of an interval.
func (p *historyScan) locate(ctx context.Context, log Log, account *readlimit.Account, from, to time.Time) (err error) {
	if err := account.PayLookUps(ctx, 2); err != nil {
		return err
	}
	if p.next, err = log.OffsetAt(ctx, from); err != nil {
		return err
	}
	if p.end, err = log.OffsetAt(ctx, to); err != nil {
		return err
	}
	if count := p.end - p.next; count > MaxEvents {
		return &TooManyEventsError{count}
	}
	return nil
}

// read reads the events, which are paid for, in several runs.
func (p *historyScan) read(ctx context.Context, log Log) error {
	next, stop := iter.Pull2(log.Events(ctx, p.next, p.end))
	defer stop()
	for p.next < p.end {
		until := min(p.end, p.next+eventsPerRun)
		if err := p.scan.Run(ctx, nil, 0, func(context.Context) error { return p.take(next, until) }); err != nil {
			return err
		}
	}
	return nil
}

// take reads the events to an offset, or a few more.
func (p *historyScan) take(next func() (atlas.Record, error, bool), until int64) error {
	for p.next < until {
		record, err, more := next()
		if err != nil {
			return fmt.Errorf("connection events: %w", err)
		}
		if !more {
			p.scan.Count(p.end-p.next, 0)
			p.next = p.end
			return nil
		}
		p.scan.Count(record.Position.Offset+1-p.next, int64(len(record.Value)))
		p.next = record.Position.Offset + 1
		if event, err := outage.EventOf(&record); err == nil {
			p.days.Take(event)
		}
	}
	return nil
}
