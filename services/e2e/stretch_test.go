package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"time"

	"atlasstream/pkg/eventlog"
)

// wish is what a client subscribes to.
type wish struct {
	measurement   int
	probe, family int // any if 0
	buffering     bool
	cursors       bool
	backlog       bool
	replay        bool
	start, end    time.Time // of the replay
}

// parameters are those of the wish; to go on somewhere, with the cursor of that place.
func (w wish) parameters(cursor string) json.RawMessage {
	members := map[string]any{"stream_type": "result", "msm": w.measurement}
	if w.probe != 0 {
		members["prb"] = w.probe
	}
	if w.family != 0 {
		members["equalsTo"] = map[string]any{"af": w.family}
	}
	if w.buffering {
		members["buffering"] = true
	}
	if w.backlog {
		members["sendBacklog"] = true
	}
	if w.replay {
		members["startTime"], members["endTime"], members["speed"] = w.start.Unix(), w.end.Unix(), fastest
	}
	if w.cursors {
		members["cursor"] = cursor
	}
	return mustJSON(members)
}

func (w wish) matches(e entry) bool {
	return (w.probe == 0 || w.probe == e.Probe) && (w.family == 0 || w.family == e.Family)
}

// isLast tells whether nothing of the live feed follows a record that the client wants: a last one is written for every probe and family, in their order.
func (w wish) isLast(e traits) bool {
	return e.Last && (w.probe == e.Probe || w.probe == 0 && e.Probe == probes) && (w.family == e.Family || w.family == 0 && e.Family == 6)
}

// wanted are the records that match a wish, in the order in which they must come if all of them come.
func (w wish) wanted(l ledger) []entry {
	all := l.of(eventlog.ResultsTopic, w.measurement)
	if w.replay {
		lastMillisecond := w.end.Add(time.Second - time.Millisecond)
		all = l.replay(w.measurement, w.start, lastMillisecond)
	}
	return slices.DeleteFunc(all, func(e entry) bool { return !w.matches(e) })
}

// heard is a result that has arrived.
type heard struct {
	value  string
	cursor string // empty for all but the last of an array
}

// stretch is what a client heard for one wish without a break.
type stretch struct {
	wish      wish
	behind    *place    // where it goes on; nil if it begins
	uttered   time.Time // when the wish was
	least     int64     // the log's end before that
	confirmed time.Time
	most      int64 // the log's end after that
	heard     []heard
	seam      int  // how many had been heard when the backlog was said to be over; -1 if it was not
	whole     bool // it went on to the last record that there is for the wish

	found []int // where what was heard stands among what is wanted
}

// place is behind something that was heard.
type place struct {
	stretch *stretch
	index   int
}

func (p *place) cursor() string { return p.stretch.heard[p.index].cursor }

// check compares a stretch with what the log says it must be. Those whose places it goes on behind have been checked.
func (s *stretch) check(l ledger, tailLag time.Duration) error {
	wanted := s.wish.wanted(l)
	var complaint error
	longest := -1
	for _, due := range s.candidates(wanted, tailLag) {
		agreed, err := s.compare(wanted, due)
		if err == nil {
			s.found = due.order[:len(s.heard)]
			return nil
		}
		if agreed > longest {
			longest, complaint = agreed, err
		}
	}
	return fmt.Errorf("%+v, going on: %t, the log's end between %d and %d: %w", s.wish, s.behind != nil, s.least, s.most, complaint)
}

// due is what must be heard: places among what is wanted, and how many of them are backlog.
type due struct {
	order   []int
	backlog int
}

// candidates are all that may be due: where a stretch begins live is known by the log's end before and after, between which the offset of the seam is.
func (s *stretch) candidates(wanted []entry, tailLag time.Duration) (candidates []due) {
	switch {
	case s.behind != nil:
		return []due{{order: upTo(s.behind.stretch.found[s.behind.index]+1, len(wanted)), backlog: noBacklog}}
	case s.wish.replay:
		return []due{{order: upTo(0, len(wanted)), backlog: noBacklog}}
	}
	for seam := s.earliest(wanted, tailLag); seam <= firstFrom(wanted, s.most); seam++ {
		live := upTo(seam, len(wanted))
		if !s.wish.backlog {
			candidates = append(candidates, due{live, noBacklog})
			continue
		}
		recent := s.recent(wanted[:seam])
		candidates = append(candidates, due{append(recent, live...), len(recent)})
	}
	return candidates
}

// noBacklog stands where there is none, and so no word of its end.
const noBacklog = -1

// backlog is how far back one goes. Between its age and twice that, these tests write nothing that is near it.
const backlog = 5 * time.Minute

func (s *stretch) recent(wanted []entry) (order []int) {
	for i, entry := range wanted {
		if s.confirmed.Sub(entry.Time) < backlog+backlog/2 {
			order = append(order, i)
		}
	}
	return order
}

// tailLag is how late the log's last records reach the live feed at most, on a machine that keeps up: what a gateway takes for the log's end may lie so far
// back.
const tailLag = 2 * time.Second

func (s *stretch) earliest(wanted []entry, tailLag time.Duration) int {
	first := firstFrom(wanted, s.least)
	for first > 0 && s.uttered.Sub(time.UnixMilli(wanted[first-1].Written)) < tailLag {
		first--
	}
	return first
}

func firstFrom(wanted []entry, offset int64) int {
	return sort.Search(len(wanted), func(i int) bool { return wanted[i].Offset >= offset })
}

func upTo(from, to int) (order []int) {
	for i := from; i < to; i++ {
		order = append(order, i)
	}
	return order
}

// compare tells how many of what was heard are as they must be, and what is wrong.
func (s *stretch) compare(wanted []entry, due due) (agreed int, err error) {
	for i, heard := range s.heard {
		if i >= len(due.order) {
			return i, fmt.Errorf("heard %d results, want %d: %.120s", len(s.heard), len(due.order), heard.value)
		}
		if want := wanted[due.order[i]]; heard.value != string(want.Value) {
			return i, fmt.Errorf("result %d of %d: heard %.120s, want %.120s at offset %d of %s", i, len(s.heard), heard.value, want.Value, want.Offset, want.Topic)
		}
	}
	agreed = len(s.heard)
	if s.whole && agreed < len(due.order) {
		return agreed, fmt.Errorf("heard %d results to the end, want %d", agreed, len(due.order))
	}
	return agreed, s.checkSeam(due)
}

func (s *stretch) checkSeam(due due) error {
	switch {
	case due.backlog == noBacklog && s.seam != noBacklog:
		return fmt.Errorf("heard of the end of a backlog after %d results, want no word of it", s.seam)
	case due.backlog == noBacklog:
		return nil
	case s.seam == noBacklog && (s.whole || len(s.heard) > due.backlog):
		return fmt.Errorf("heard %d results and not of the end of a backlog, which has %d", len(s.heard), due.backlog)
	case s.seam != noBacklog && s.seam != due.backlog:
		return fmt.Errorf("heard of the end of a backlog after %d results, want %d", s.seam, due.backlog)
	}
	return nil
}
