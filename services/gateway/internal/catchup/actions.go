package catchup

import (
	"slices"

	"atlasstream/services/gateway/internal/delivery"
)

// action is what happens to subscriptions before the first record at or behind an offset is delivered.
type action struct {
	offset  int64
	actives []*delivery.Active
	take    func(*Reader, []*delivery.Active)
}

// actions are in the order of offsets.
type actions []action

// add puts an action behind the others of its offset.
func (a *actions) add(added action) {
	at := slices.IndexFunc(*a, func(each action) bool { return each.offset > added.offset })
	if at < 0 {
		at = len(*a)
	}
	added.actives = slices.Clone(added.actives) // forget takes out of them
	*a = slices.Insert(*a, at, added)
}

// forget drops what was to happen to a subscription that has ended.
func (a *actions) forget(ended *delivery.Active) {
	for i := range *a {
		(*a)[i].actives = slices.DeleteFunc((*a)[i].actives, func(each *delivery.Active) bool { return each == ended })
	}
	*a = slices.DeleteFunc(*a, func(each action) bool { return len(each.actives) == 0 })
}

// begin has records matched for subscriptions from here on.
func (r *Reader) begin(actives []*delivery.Active) { r.target.Match(actives...) }

// stop has subscriptions end that have got everything of a measurement that has stopped, or as many records as they may: settle ends them, which takes the
// partition's lock.
func (r *Reader) stop(actives []*delivery.Active) {
	r.target.Pause(actives...)
	for _, active := range actives {
		r.actions.forget(active)
	}
	r.stopped = append(r.stopped, actives...)
}

// reach takes the actions up to an offset.
func (r *Reader) reach(offset int64) {
	for len(r.actions) > 0 && r.actions[0].offset <= offset {
		next := r.actions[0]
		r.actions = r.actions[1:]
		next.take(r, next.actives)
	}
}
