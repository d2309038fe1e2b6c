package notice

import (
	"sync"
	"sync/atomic"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Group is a subscription to several measurements or probes. Each of its parts is a Subscription, and the client is told of all of them together. Parts bring
// nothing before Confirm.
type Group struct {
	Client     Client
	Parameters []byte // as they came
	Quota      *subscription.Quota

	// These belong to the delivery.Owner.
	Key     string // identifies the group among those of its client
	Present int    // parts that the owner has

	decide      sync.Once
	decided     chan struct{} // is closed by Confirm and GiveUp
	isConfirmed atomic.Bool

	mu         sync.Mutex        // is taken under the lock of a source
	parts      int               // that have not ended
	backlogs   int               // of which the backlog has not been sent
	hasBacklog bool              // some part has one, or had
	isEnding   bool              // as a whole
	gone       []*protocol.Error // are told after the confirmation
	told       map[string]struct{}
}

// NewGroup makes a group of so many parts, of which none has begun.
func NewGroup(client Client, parameters []byte, quota *subscription.Quota, parts int) *Group {
	return &Group{Client: client, Parameters: parameters, Quota: quota, parts: parts, decided: make(chan struct{})}
}

// begin is called when a part begins.
func (g *Group) begin(part *Subscription) {
	if part.Start == nil || !part.Start.Backlog {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	part.owesBacklog, g.hasBacklog = true, true
	g.backlogs++
}

// Confirm confirms the group once all of its parts have begun: their records come from then on. If all have ended already, so does the group. Errors: those of
// Client.EnqueueControl.
func (g *Group) Confirm() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isConfirmed.Store(true) // cursors stand for it from now on
	g.Client.Restored(g.Parameters)
	if err := g.Client.SendEvent(protocol.EventSubscribed, g.Parameters); err != nil {
		g.isConfirmed.Store(false)
		return err
	}
	for _, refusal := range g.gone {
		_ = g.Client.SendError(refusal) // Flush deals with what does not fit
	}
	g.gone = nil
	g.Quota.Open()
	if g.hasBacklog && g.backlogs == 0 { // all parts have sent theirs already
		_ = g.Client.SendEvent(protocol.EventBacklogSent, g.Parameters)
	}
	g.decide.Do(func() { close(g.decided) })
	if g.parts == 0 {
		_ = sendOver(g.Client, g.Parameters)
	}
	return nil
}

// GiveUp is called instead of Confirm when a part has not begun, or when Confirm has failed; the parts that have begun are ended.
func (g *Group) GiveUp() { g.decide.Do(func() { close(g.decided) }) }

// SetEnding says that all parts are about to be ended together.
func (g *Group) SetEnding() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isEnding = true
}

// sendError tells the client what is wrong with some of the parts, once.
func (g *Group) sendError(why *protocol.Error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, again := g.told[why.Error()]; again {
		return nil
	}
	if g.told == nil {
		g.told = make(map[string]struct{})
	}
	g.told[why.Error()] = struct{}{}
	if !g.isConfirmed.Load() {
		g.gone = append(g.gone, why)
		return nil
	}
	return g.Client.SendError(why)
}

// Decided is closed once the group is confirmed or given up.
func (g *Group) Decided() <-chan struct{} { return g.decided }

// IsDecided tells whether the group is confirmed or given up.
func (g *Group) IsDecided() bool {
	select {
	case <-g.decided:
		return true
	default:
		return false
	}
}

// IsConfirmed tells whether the client knows that it has the subscription.
func (g *Group) IsConfirmed() bool { return g.isConfirmed.Load() }

// ConfirmAgain confirms the group with other words for its parameters, unless it has ended, in which case it returns false. Errors: those of
// Client.EnqueueControl.
func (g *Group) ConfirmAgain(parameters []byte) (stays bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.parts == 0 {
		return false, nil
	}
	return true, g.Client.SendEvent(protocol.EventSubscribed, parameters)
}

// TellGone has the client told after the confirmation that it has missed something.
func (g *Group) TellGone(refusal *protocol.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = append(g.gone, refusal)
}

// EndPart calls last, which tells that the group has ended, if the part is the last one. It is called once for each part, when it has ended and everything that
// it brought is enqueued.
func (g *Group) EndPart(ended *Subscription, last func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.parts--
	switch {
	case !g.isConfirmed.Load() && ended.owesBacklog:
		return g.sendBacklog(ended)
	case !g.isConfirmed.Load():
		return nil
	case g.parts == 0:
		return last()
	case ended.owesBacklog && !g.Quota.IsSpent() && !g.isEnding:
		return g.sendBacklog(ended)
	}
	return nil
}

// backlogSent is called when the backlog of a part has been enqueued.
func (g *Group) backlogSent(of *Subscription) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sendBacklog(of)
}

// sendBacklog is called under the lock. It tells the client once the backlogs of all parts have been sent; before the group is confirmed, Confirm does.
func (g *Group) sendBacklog(of *Subscription) error {
	of.owesBacklog = false
	g.backlogs--
	if g.backlogs > 0 || !g.isConfirmed.Load() {
		return nil
	}
	return g.Client.SendEvent(protocol.EventBacklogSent, g.Parameters)
}
