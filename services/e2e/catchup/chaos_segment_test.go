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

// segment is what a client heard for one wish without a break.
type segment struct {
	subscription subscription
	resumesAfter *resumePoint // where it goes on; nil if it begins
	requested    time.Time    // when the wish was
	minEnd       int64        // the log's end before that
	confirmed    time.Time
	maxEnd       int64 // the log's end after that
	received     []receivedResult
	backlogEnd   int  // how many had been heard when the backlog was said to be over; -1 if it was not
	complete     bool // it went on to the last record that there is for the wish

	positions []int // where what was heard stands among what is wanted
}

// resumePoint is behind something that was heard.
type resumePoint struct {
	segment *segment
	index   int
}

func (p *resumePoint) cursor() string { return p.segment.received[p.index].cursor }

// check compares a stretch with what the log says it must be. Those whose places it goes on behind have been checked.
func (s *segment) check(model logModel, tailLag time.Duration) error {
	wanted := s.subscription.wanted(model)
	var complaint error
	longest := -1
	for _, expected := range s.candidates(wanted, tailLag) {
		agreed, err := s.compare(wanted, expected)
		if err == nil {
			s.positions = expected.order[:len(s.received)]
			return nil
		}
		if agreed > longest {
			longest, complaint = agreed, err
		}
	}
	return fmt.Errorf("%+v, going on: %t, the log's end between %d and %d: %w", s.subscription, s.resumesAfter != nil, s.minEnd, s.maxEnd, complaint)
}

// expectation is what must be heard: places among what is wanted, and how many of them are backlog.
type expectation struct {
	order   []int
	backlog int
}

// candidates are all that may be due: where a stretch begins live is known by the log's end before and after, between which the offset of the seam is.
func (s *segment) candidates(wanted []logRecord, tailLag time.Duration) (candidates []expectation) {
	switch {
	case s.resumesAfter != nil:
		return []expectation{{order: upTo(s.resumesAfter.segment.positions[s.resumesAfter.index]+1, len(wanted)), backlog: noBacklog}}
	case s.subscription.replay:
		return []expectation{{order: upTo(0, len(wanted)), backlog: noBacklog}}
	}
	for seam := s.firstPossible(wanted, tailLag); seam <= firstFrom(wanted, s.maxEnd); seam++ {
		live := upTo(seam, len(wanted))
		if !s.subscription.backlog {
			candidates = append(candidates, expectation{live, noBacklog})
			continue
		}
		recent := s.recent(wanted[:seam])
		candidates = append(candidates, expectation{append(recent, live...), len(recent)})
	}
	return candidates
}

// noBacklog stands where there is none, and so no word of its end.
const noBacklog = -1

// backlog is how far back one goes. Between its age and twice that, these tests write nothing that is near it.
const backlog = 5 * time.Minute

func (s *segment) recent(wanted []logRecord) (order []int) {
	for i, record := range wanted {
		if s.confirmed.Sub(record.Time) < backlog+backlog/2 {
			order = append(order, i)
		}
	}
	return order
}

// tailLag is how late the log's last records reach the live feed at most, on a machine that keeps up: what a gateway takes for the log's end may lie so far
// back.
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

// compare tells how many of what was heard are as they must be, and what is wrong.
func (s *segment) compare(wanted []logRecord, expected expectation) (agreed int, err error) {
	for i, heard := range s.received {
		if i >= len(expected.order) {
			return i, fmt.Errorf("heard %d results, want %d: %.120s", len(s.received), len(expected.order), heard.value)
		}
		if want := wanted[expected.order[i]]; heard.value != string(want.Value) {
			return i, fmt.Errorf("result %d of %d: heard %.120s, want %.120s at offset %d of %s", i, len(s.received), heard.value, want.Value, want.Offset, want.Topic)
		}
	}
	agreed = len(s.received)
	if s.complete && agreed < len(expected.order) {
		return agreed, fmt.Errorf("heard %d results to the end, want %d", agreed, len(expected.order))
	}
	return agreed, s.checkBacklogEnd(expected)
}

func (s *segment) checkBacklogEnd(expected expectation) error {
	switch {
	case expected.backlog == noBacklog && s.backlogEnd != noBacklog:
		return fmt.Errorf("heard of the end of a backlog after %d results, want no word of it", s.backlogEnd)
	case expected.backlog == noBacklog:
		return nil
	case s.backlogEnd == noBacklog && (s.complete || len(s.received) > expected.backlog):
		return fmt.Errorf("heard %d results and not of the end of a backlog, which has %d", len(s.received), expected.backlog)
	case s.backlogEnd != noBacklog && s.backlogEnd != expected.backlog:
		return fmt.Errorf("heard of the end of a backlog after %d results, want %d", s.backlogEnd, expected.backlog)
	}
	return nil
}
