package fanout

import (
	"fmt"
	"slices"
	"sync"
)

// What the subscriptions of a client may amount to.
const (
	maxFields         = 1000      // names in all acceptedFields: they have to be joined when several subscriptions match
	maxConditions     = 1000      // on records' values: they may all have to be asked about one record
	maxParameterBytes = 256 << 10 // of all parameters: they are kept, to be repeated at the end
)

// roll is what a subscriber has subscribed to. It ends with whoever takes it off the roll first: the client, or a change of the measurement.
type roll struct {
	mu             sync.Mutex
	memberships    []*membership // few, mostly one, for which a map would be large
	fields         int           // names in the acceptedFields of all
	conditions     int           // of all
	parameterBytes int
	plain          [][]byte // parameters of those without cursors; never changed, but replaced
	plainBytes     int      // of those
}

func (r *roll) find(key string) *membership {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := r.index(key); i >= 0 {
		return r.memberships[i]
	}
	return nil
}

// index gives where the membership with a key stands, or -1. It is called under the lock.
func (r *roll) index(key string) int {
	return slices.IndexFunc(r.memberships, func(m *membership) bool { return m.key == key })
}

func (r *roll) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.memberships)
}

func (r *roll) all() []*membership {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.memberships)
}

// withoutCursors gives the parameters of the memberships that have none, and how many bytes they are, for it is asked with each message. Those are left out
// that have joined a replay: their parameters do not tell which.
func (r *roll) withoutCursors() (parameters [][]byte, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plain, r.plainBytes
}

// countPlain is called under the lock when memberships have come or gone.
func (r *roll) countPlain() {
	r.plain, r.plainBytes = nil, 0
	for _, membership := range r.memberships {
		if joinsReplay := membership.partition.isPast && membership.wanted.Past == nil; !membership.wanted.Cursor.Wanted && !joinsReplay {
			r.plain = append(r.plain, membership.parameters)
			r.plainBytes += len(membership.parameters)
		}
	}
}

// room refuses a membership that would be one too many with ErrTooMany.
func (r *roll) room(joining *membership, limit int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.memberships) >= limit:
		return fmt.Errorf("%w: there are %d, and no more are allowed", ErrTooMany, limit)
	case r.fields+joining.wanted.Fields.Count() > maxFields:
		return fmt.Errorf("%w with acceptedFields: they have %d names together, and no more than %d are allowed", ErrTooMany, r.fields, maxFields)
	case r.conditions+joining.wanted.Conditions() > maxConditions:
		return fmt.Errorf("%w with filters: they have %d together, and no more than %d are allowed", ErrTooMany, r.conditions, maxConditions)
	case r.parameterBytes+len(joining.parameters) > maxParameterBytes:
		return fmt.Errorf("%w: their parameters have %d bytes together, and no more than %d are allowed",
			ErrTooMany, r.parameterBytes, maxParameterBytes)
	}
	return nil
}

func (r *roll) add(joining *membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memberships = append(r.memberships, joining)
	r.fields += joining.wanted.Fields.Count()
	r.conditions += joining.wanted.Conditions()
	r.parameterBytes += len(joining.parameters)
	r.countPlain()
}

// remove returns false if the membership is not on the roll any more.
func (r *roll) remove(leaving *membership) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.memberships, leaving)
	if i < 0 {
		return false
	}
	r.memberships = slices.Delete(r.memberships, i, i+1)
	r.fields -= leaving.wanted.Fields.Count()
	r.conditions -= leaving.wanted.Conditions()
	r.parameterBytes -= len(leaving.parameters)
	r.countPlain()
	return true
}

// hold keeps what releases the membership's feed, or returns false if the membership has ended already.
func (r *roll) hold(joined *membership, release func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.memberships, joined) {
		return false
	}
	joined.releaseFeed = release
	return true
}

// held gives what hold has kept, if it has been there.
func (r *roll) held(ended *membership) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return ended.releaseFeed
}
