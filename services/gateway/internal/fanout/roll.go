package fanout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	memberships    []*membership // by key; few, mostly one, for which a map would be large
	joined         uint64        // counts all that have come
	fields         int           // names in the acceptedFields of all
	conditions     int           // of all
	parameterBytes int
	kept           int // bytes of memory that all take
	plain          plainOnes
}

// plainOnes are the memberships without cursors whose parameters a cursor for all has.
type plainOnes struct {
	count, bytes int      // of their parameters
	parameters   [][]byte // in the order of joining; never changed, but replaced
	isListed     bool     // parameters has them all
}

// size is what they take in a cursor at most, in bytes.
func (p *plainOnes) size() int { return (p.bytes + tagSize*p.count) * 4 / 3 }

func (r *roll) find(key string) *membership {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, found := r.search(key); found {
		return r.memberships[i]
	}
	return nil
}

// search gives where the membership with a key stands, or would stand. It is called under the lock.
func (r *roll) search(key string) (at int, found bool) {
	return slices.BinarySearchFunc(r.memberships, key, func(m *membership, key string) int { return strings.Compare(m.key, key) })
}

// isOn tells whether a membership has not ended, and where it stands. It is called under the lock.
func (r *roll) isOn(joined *membership) (at int, isOn bool) {
	at, found := r.search(joined.key)
	return at, found && r.memberships[at] == joined
}

// usage is how many memberships there are, and how many bytes of memory they take.
func (r *roll) usage() (memberships, kept int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.memberships), r.kept
}

func (r *roll) all() []*membership {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.memberships)
}

// withoutCursors gives the parameters of the memberships that have none, if they take no more than so many bytes in a cursor: it is asked with each message.
// Those are left out that have joined a replay: their parameters do not tell which.
func (r *roll) withoutCursors(room int) (parameters [][]byte, fit bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plain.size() > room {
		return nil, false
	}
	if !r.plain.isListed {
		r.listPlain()
	}
	return r.plain.parameters, true
}

// sizeOfPlain is what the memberships without cursors take in one for all.
func (r *roll) sizeOfPlain() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plain.size()
}

// listPlain is called under the lock.
func (r *roll) listPlain() {
	var plain []*membership
	for _, membership := range r.memberships {
		if membership.isPlain() {
			plain = append(plain, membership)
		}
	}
	slices.SortFunc(plain, func(a, b *membership) int { return cmp.Compare(a.number, b.number) })
	r.plain.isListed, r.plain.parameters = true, nil
	for _, membership := range plain {
		r.plain.parameters = append(r.plain.parameters, membership.parameters)
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
	at, _ := r.search(joining.key)
	r.memberships = slices.Insert(r.memberships, at, joining)
	r.joined++
	joining.number = r.joined
	r.tally(joining, 1)
}

// remove returns false if the membership is not on the roll any more.
func (r *roll) remove(leaving *membership) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, isOn := r.isOn(leaving)
	if !isOn {
		return false
	}
	r.memberships = slices.Delete(r.memberships, at, at+1)
	r.tally(leaving, -1)
	return true
}

// tally adds what a membership amounts to once, or takes it away, for -1. It is called under the lock.
func (r *roll) tally(of *membership, once int) {
	r.fields += once * of.wanted.Fields.Count()
	r.conditions += once * of.wanted.Conditions()
	r.parameterBytes += once * len(of.parameters)
	r.kept += once * Kept(of.wanted, of.parameters)
	if of.isPlain() {
		r.plain.count += once
		r.plain.bytes += once * len(of.parameters)
		r.plain.isListed, r.plain.parameters = false, nil
	}
}

// hold keeps what releases the membership's feed, or returns false if the membership has ended already.
func (r *roll) hold(joined *membership, release func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, isOn := r.isOn(joined); !isOn {
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
