package fanout

import (
	"errors"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// errOver refuses a membership in the partition of a replay that is at its end.
var errOver = errors.New("the replay is over")

// isOver tells whether nothing can be added any more.
func (p *partition) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// closeIfEmpty has nothing added any more if there are no members, and tells whether that is so.
func (p *partition) closeIfEmpty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = p.over || len(p.members) == 0
	return p.over
}

// deliverAlone is deliver for one record, but for streams that were given it before, and tells if the client could not take all of it.
func (p *partition) deliverAlone(record *atlas.Record, position func() *cursor.Replay, given []atlas.Stream) (taken int, missed *fallen) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames.inReplay = position
	taken = p.deliverOne(&p.index, record, given)
	p.frames.reset(nil)
	p.frames.inReplay = nil
	if fallen := p.takeFallen(); len(fallen) > 0 {
		return taken, &fallen[0]
	}
	return taken, nil
}

// conclude ends all memberships with the last words of each, and the partition. What it returns is to be released and flushed.
func (p *partition) conclude(last func(*membership) error) (over []*membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	for _, left := range p.members {
		for _, membership := range slices.Clone(left.memberships) {
			if !membership.subscriber.roll.remove(membership) {
				continue
			}
			over = append(over, membership)
			p.exit(left, membership)
			left.emptyBuffers(membership.wanted.Stream)
			_ = last(membership) // flush deals with what did not fit
		}
	}
	return over
}

// standing is that of a membership here: the past of what has stopped can still be had.
func (p *partition) standing(of *membership) standing {
	found := p.hub.standing(of.wanted, of.subscriber.rights)
	if p.isPast && found == stopped {
		return allowed
	}
	return found
}
