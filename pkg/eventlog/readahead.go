package eventlog

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	// defaultReadAhead is the limit of a Reader unless ReadAhead sets another one.
	defaultReadAhead = 2 << 20
	// minResponse and maxResponse bound the size of a response, in bytes as the broker holds it. A slow reader fetches little, as it holds it for long.
	minResponse = 16 << 10
	maxResponse = 256 << 10
	// slowInterval is the time between two fetches from which on a reader is slow.
	slowInterval = time.Second / 4
)

// prefetch fetches the next response for a Reader that still has records to give, so that a replay that keeps a pace need not wait for Kafka.
type prefetch struct {
	ctx     context.Context // ends with the reader; nil before the first fetch
	cancel  context.CancelFunc
	pending chan fetchResult // nil if no fetch is in flight
	started time.Time        // when the last fetch was
}

type fetchResult struct {
	response *kafka.FetchResponse
	err      error
}

// start starts a fetch unless one is in flight. Nothing else may use the reader's fetcher until wait returns its result.
func (p *prefetch) start(ctx context.Context, r *Reader) {
	if p.pending != nil {
		return
	}
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	r.adapt(time.Now())
	pending := make(chan fetchResult, 1)
	p.pending = pending
	go func() {
		response, err := r.fetch(p.ctx)
		pending <- fetchResult{response, err}
	}()
}

// wait returns the result of the fetch in flight, or of a new one.
func (p *prefetch) wait(ctx context.Context, r *Reader) (*kafka.FetchResponse, error) {
	p.start(ctx, r)
	select {
	case result := <-p.pending:
		p.pending = nil
		return result.response, result.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close cancels the fetch in flight.
func (p *prefetch) close() {
	if p.cancel != nil {
		p.cancel()
	}
	if p.pending != nil {
		<-p.pending
		p.pending = nil
	}
}

// hasRoom reports whether the reader may hold another response beside what is left of the last one.
func (r *Reader) hasRoom() bool { return r.held < r.readAhead/8 }

// adapt fetches more at once for a fast reader, as long as it takes all of it and two responses are not too much.
func (r *Reader) adapt(now time.Time) {
	switch {
	case now.Sub(r.prefetch.started) >= slowInterval:
		r.maxBytes = max(r.maxBytes/2, minResponse)
	case r.taken >= r.readAhead/2:
		r.maxBytes = max(r.maxBytes/2, minResponse)
	case r.taken < r.readAhead/4:
		r.maxBytes = min(2*r.maxBytes, maxResponse)
	}
	r.prefetch.started = now
}
