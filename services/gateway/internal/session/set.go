package session

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/resume"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/subscriptionlimit"
)

// set is the subscriptions of a client. A subscription ends with whatever takes it out of the set first: the client, or a change of the measurement.
type set struct {
	mu      sync.Mutex
	actives []*delivery.Active // by key; few, mostly one, for which a map would be large
	begun   uint64             // counts all that have begun
	total   subscriptionlimit.Total
	kept    int // bytes of memory that all take
	groups  map[string]*notice.Group
	plain   plainOnes
}

// plainOnes are the subscriptions without cursors whose parameters a cursor has that stands for all of a client's.
type plainOnes struct {
	count, bytes int      // of their parameters
	parameters   [][]byte // in the order of beginning; never changed, but replaced
	isListed     bool     // parameters has them all
}

// size is what they take in a cursor at most, in bytes.
func (p *plainOnes) size() int { return (p.bytes + resume.TagSize*p.count) * 4 / 3 }

// checkRoom is Total.CheckRoom for a subscription that would be added.
func (s *set) checkRoom(joining *subscription.Subscription, parameters []byte, limit int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total.CheckRoom(joining, len(parameters), limit)
}

func (s *set) find(key string) *delivery.Active {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, found := s.search(key); found {
		return s.actives[at]
	}
	return nil
}

// search gives where the subscription with a key is, or would be. It is called under the lock.
func (s *set) search(key string) (at int, found bool) {
	return slices.BinarySearchFunc(s.actives, key, func(a *delivery.Active, key string) int { return strings.Compare(a.Key, key) })
}

// contains tells whether a subscription has not ended, and where it is. It is called under the lock.
func (s *set) contains(active *delivery.Active) (at int, is bool) {
	at, found := s.search(active.Key)
	return at, found && s.actives[at] == active
}

// usage is how many subscriptions there are, and how many bytes of memory they take.
func (s *set) usage() (subscriptions, kept int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.actives), s.kept
}

func (s *set) all() []*delivery.Active {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.actives)
}

// Plain implements resume.Others: the parameters of the subscriptions without cursors, if they take no more than so many bytes in one: it is asked with each
// message. Those are left out that have joined a replay: their parameters do not tell which.
func (s *set) Plain(room int) (parameters [][]byte, fit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plain.size() > room {
		return nil, false
	}
	if !s.plain.isListed {
		s.listPlain()
	}
	return s.plain.parameters, true
}

// PlainSize implements resume.Others: what the subscriptions without cursors take in a cursor, in bytes.
func (s *set) PlainSize() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plain.size()
}

// listPlain is called under the lock.
func (s *set) listPlain() {
	var plain []*delivery.Active
	for _, active := range s.actives {
		if isPlain(active) {
			plain = append(plain, active)
		}
	}
	slices.SortFunc(plain, func(a, b *delivery.Active) int { return cmp.Compare(a.Number, b.Number) })
	s.plain.isListed, s.plain.parameters = true, nil
	for i, active := range plain {
		if active.Group == nil || i == 0 || plain[i-1].Group != active.Group { // parts follow one another
			s.plain.parameters = append(s.plain.parameters, active.Parameters)
		}
	}
}

// isPlain tells whether the subscription has no cursor, but parameters with which it can begin again.
func isPlain(active *delivery.Active) bool {
	joinsReplay := active.Source.IsReplay() && active.Wanted.Replay == nil
	return !active.Wanted.Cursor.Wanted && !joinsReplay
}

func (s *set) add(joining *delivery.Active) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := s.search(joining.Key)
	s.actives = slices.Insert(s.actives, at, joining)
	s.begun++
	joining.Number = s.begun
	s.count(joining, 1)
}

// remove returns false if the subscription is not in the set any more.
func (s *set) remove(leaving *delivery.Active) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, is := s.contains(leaving)
	if !is {
		return false
	}
	s.actives = slices.Delete(s.actives, at, at+1)
	s.count(leaving, -1)
	return true
}

func (s *set) has(active *delivery.Active) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, is := s.contains(active)
	return is
}

// count adds what a subscription amounts to once, or takes it away, for -1. It is called under the lock.
func (s *set) count(of *delivery.Active, once int) {
	parameters := of.Parameters
	if of.Group != nil && !s.countGroup(of.Group, once) {
		parameters = nil
	}
	s.total.Count(of.Wanted, len(parameters), once)
	s.kept += once * Kept(of.Wanted, parameters)
	if isPlain(of) && parameters != nil {
		s.plain.count += once
		s.plain.bytes += once * len(parameters)
		s.plain.isListed, s.plain.parameters = false, nil
	}
}

// countGroup tells whether the parameters of a group count with this part: they do once. It is called under the lock.
func (s *set) countGroup(group *notice.Group, once int) bool {
	before := group.Present
	group.Present += once
	switch {
	case before == 0:
		if s.groups == nil {
			s.groups = make(map[string]*notice.Group)
		}
		s.groups[group.Key] = group
		return true
	case group.Present == 0:
		delete(s.groups, group.Key)
		return true
	}
	return false
}

// findGroup gives a group that has not ended; nil if there is none.
func (s *set) findGroup(key string) *notice.Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[key]
}

// partsOf are the parts of a group that have not ended.
func (s *set) partsOf(group *notice.Group) (parts []*delivery.Active) {
	for _, active := range s.all() {
		if active.Group == group {
			parts = append(parts, active)
		}
	}
	return parts
}

// releaseAtEnd has release called when the subscription ends, which it may have done already.
func (s *set) releaseAtEnd(joined *delivery.Active, release func()) {
	s.mu.Lock()
	_, is := s.contains(joined)
	if is {
		joined.AfterEnd = after(joined.AfterEnd, release)
	}
	s.mu.Unlock()
	if !is {
		release()
	}
}

// after gives what calls both, of which the first may be nil.
func after(first, second func()) func() {
	if first == nil {
		return second
	}
	return func() {
		first()
		second()
	}
}

// stopFollowing is called once, by whatever has ended the subscription, without a lock.
func (s *set) stopFollowing(ended *delivery.Active) {
	s.mu.Lock()
	release := ended.AfterEnd
	s.mu.Unlock()
	if release != nil {
		release()
	}
}

// activeBytes is what a subscription takes in memory beside what was parsed and its parameters, with its share of what finds it.
const activeBytes = 1200

// Kept is how many bytes of memory a subscription with such parameters takes, with all of its parts.
func Kept(wanted *subscription.Subscription, parameters []byte) int {
	kept := wanted.Count()*(activeBytes+wanted.Size()) + len(parameters)
	if wanted.Cursor.Wanted {
		kept += len(parameters) // a tracker has them without the cursor
	}
	return kept
}
