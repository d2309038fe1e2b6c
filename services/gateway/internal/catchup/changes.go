package catchup

import (
	"math"
	"slices"

	"atlasstream/services/gateway/internal/cursorevent"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
)

// Begin implements live.Reader.
func (r *Reader) Begin(joining *delivery.Active, next int64) {
	r.target.Add(joining)
	start, one := next, []*delivery.Active{joining}
	if joining.Start != nil {
		start = min(joining.Start.From, next)
	}
	if start < r.next {
		r.rewind(start)
	}
	r.actions.add(action{start, one, (*Reader).begin})
	if joining.Start != nil && joining.Start.Backlog {
		r.addBacklog(joining, next)
	}
	r.reach(r.next)
	if joining.Group != nil && joining.Start != nil { // the next pass waits for the group
		r.endPass()
	}
	if r.pass != nil && !slices.Contains(r.pass.measurements, joining.Wanted.Measurement) {
		r.endPass()
	}
}

// rewind goes back to an offset: no subscription gets again what it has got.
func (r *Reader) rewind(to int64) {
	if present := r.target.Matching(); len(present) > 0 {
		//mutate:rewind-repeats-for-others
		r.target.Pause(present...)
		//mutate:rewind-stops-others
		r.actions.add(action{r.next, present, (*Reader).begin})
	}
	r.next = to
	r.endPass()
}

// Stop implements live.Reader.
func (r *Reader) Stop(stopping *delivery.Active, offset int64) {
	r.target.Lock()
	defer r.target.Unlock()
	if slices.Contains(r.stopping, stopping) {
		return
	}
	r.stopping = append(r.stopping, stopping)
	r.actions.add(action{offset, []*delivery.Active{stopping}, (*Reader).stop})
	r.reach(r.next)
}

// End implements live.Reader.
func (r *Reader) End(leaving *delivery.Active) {
	r.target.Lock()
	defer r.target.Unlock()
	r.target.Remove(leaving)
	r.actions.forget(leaving)
	r.stopping = slices.DeleteFunc(r.stopping, func(each *delivery.Active) bool { return each == leaving })
	if len(r.target.Actives) == 0 {
		r.close()
	}
}

// ResetOffset implements live.Reader.
func (r *Reader) ResetOffset(next int64, why *protocol.Error) {
	r.target.Lock()
	defer r.target.Unlock()
	r.sendGap(why)
	r.resetOffset(next)
}

// resetOffset goes on at the end of a log that was truncated or recreated: the offsets of actions mean nothing any more.
func (r *Reader) resetOffset(next int64) {
	r.reach(math.MaxInt64)
	r.next = next
	r.target.Partial.ForgetAll()
	cursorevent.ResetOffset(r.target.Target, r.partition, next)
	r.endPass()
}
