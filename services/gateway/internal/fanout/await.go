package fanout

import "time"

// patience is how long a client is waited for that can take no more records and could not have them later. One that takes nothing shall not hold up the
// others for long; one that reads half a MiB in that time loses nothing, however much comes at once.
const patience = 2 * time.Second

// awaitAll returns when each member's client can take more, or has had its time.
func awaitAll(members []*member) {
	now := time.Now()
	for _, member := range members {
		if room, until := member.full(now); room != nil {
			awaitOne(room, until)
		}
	}
}

// full gives what is closed when the client can take more, and until when it is waited for; nil if it can, or has had its time.
func (m *member) full(now time.Time) (room <-chan struct{}, until time.Time) {
	room, err := m.subscriber.client.Room()
	switch {
	case room == nil || err != nil:
		m.awaited = time.Time{}
		return nil, m.awaited
	case m.awaited.IsZero():
		m.awaited = now.Add(patience)
	case !now.Before(m.awaited):
		return nil, m.awaited
	}
	return room, m.awaited
}

func awaitOne(room <-chan struct{}, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-room:
	case <-timer.C:
	}
}
