package catchup

import (
	"fmt"
	"sort"
	"time"
)

// receivedResult is a result that has arrived.
type receivedResult struct {
	value  string
	cursor string // empty for all but the last of an array
}

// segment is what a client received for one subscription on one connection.
type segment struct {
	subscription subscription
	resumesAfter *resumePoint // nil if it does not resume
	requested    time.Time    // when the client subscribed
	minEnd       int64        // the end of the log before that
	confirmed    time.Time
	maxEnd       int64 // the end of the log after the confirmation
	received     []receivedResult
	backlogEnd   int  // how many had been received at the end of the backlog; noBacklog if that was not announced
	complete     bool // it has the last record of the subscription

	positions []int // of what was received, among what is wanted
}

// resumePoint is after a result that was received.
type resumePoint struct {
	segment *segment
	index   int
}

func (p *resumePoint) cursor() string { return p.segment.received[p.index].cursor }

// check compares a segment with the log. The segment after which it resumes has been checked before.
func (s *segment) check(model logModel, tailLag time.Duration) error {
	wanted := s.subscription.wanted(model)
	var fault error
	longest := -1
	for _, expected := range s.candidates(wanted, tailLag) {
		agreed, err := s.compare(wanted, expected)
		if err == nil {
			s.positions = expected.order[:len(s.received)]
			return nil
		}
		if agreed > longest {
			longest, fault = agreed, err
		}
	}
	return fmt.Errorf("%+v, resuming: %t, the end of the log between %d and %d: %w", s.subscription, s.resumesAfter != nil, s.minEnd, s.maxEnd, fault)
}

// expectation is what must be received: positions among what is wanted, and how many of them are backlog.
type expectation struct {
	order   []int
	backlog int
}

// candidates are all expectations that are correct. A live segment begins at an offset between the end of the log before and after it was requested.
func (s *segment) candidates(wanted []logRecord, tailLag time.Duration) (candidates []expectation) {
	switch {
	case s.resumesAfter != nil:
		return []expectation{{order: upTo(s.resumesAfter.segment.positions[s.resumesAfter.index]+1, len(wanted)), backlog: noBacklog}}
	case s.subscription.replay:
		return []expectation{{order: upTo(0, len(wanted)), backlog: noBacklog}}
	}
	for begin := s.firstPossible(wanted, tailLag); begin <= firstFrom(wanted, s.maxEnd); begin++ {
		live := upTo(begin, len(wanted))
		if !s.subscription.backlog {
			candidates = append(candidates, expectation{live, noBacklog})
			continue
		}
		recent := s.recent(wanted[:begin])
		candidates = append(candidates, expectation{append(recent, live...), len(recent)})
	}
	return candidates
}

// noBacklog is the size of the backlog where there is none, and its end is not announced.
const noBacklog = -1

// backlog is the age of a backlog. These tests write no results that are nearly as old.
const backlog = 5 * time.Minute

func (s *segment) recent(wanted []logRecord) (order []int) {
	for i, record := range wanted {
		if s.confirmed.Sub(record.Time) < backlog+backlog/2 {
			order = append(order, i)
		}
	}
	return order
}

// tailLag is how long the last records of the log take to reach the live tail at most, on a machine without other load. A gateway's end of the log may be as
// old.
const tailLag = 2 * time.Second

func (s *segment) firstPossible(wanted []logRecord, tailLag time.Duration) int {
	first := firstFrom(wanted, s.minEnd)
	for first > 0 && s.requested.Sub(time.UnixMilli(wanted[first-1].Written)) < tailLag {
		first--
	}
	return first
}

func firstFrom(wanted []logRecord, offset int64) int {
	return sort.Search(len(wanted), func(i int) bool { return wanted[i].Offset >= offset })
}

func upTo(from, to int) (order []int) {
	for i := from; i < to; i++ {
		order = append(order, i)
	}
	return order
}

// compare returns how many results are as expected, and what is wrong.
func (s *segment) compare(wanted []logRecord, expected expectation) (agreed int, err error) {
	for i, result := range s.received {
		if i >= len(expected.order) {
			return i, fmt.Errorf("received %d results, want %d: %.120s", len(s.received), len(expected.order), result.value)
		}
		if want := wanted[expected.order[i]]; result.value != string(want.Value) {
			return i, fmt.Errorf("result %d of %d: received %.120s, want %.120s at offset %d of %s", i, len(s.received), result.value, want.Value, want.Offset, want.Topic)
		}
	}
	agreed = len(s.received)
	if s.complete && agreed < len(expected.order) {
		return agreed, fmt.Errorf("received %d results up to the last, want %d", agreed, len(expected.order))
	}
	return agreed, s.checkBacklogEnd(expected)
}

func (s *segment) checkBacklogEnd(expected expectation) error {
	switch {
	case expected.backlog == noBacklog && s.backlogEnd != noBacklog:
		return fmt.Errorf("the end of a backlog was announced after %d results, want none", s.backlogEnd)
	case expected.backlog == noBacklog:
		return nil
	case s.backlogEnd == noBacklog && (s.complete || len(s.received) > expected.backlog):
		return fmt.Errorf("received %d results without the end of a backlog, which has %d", len(s.received), expected.backlog)
	case s.backlogEnd != noBacklog && s.backlogEnd != expected.backlog:
		return fmt.Errorf("the end of a backlog was announced after %d results, want %d", s.backlogEnd, expected.backlog)
	}
	return nil
}
