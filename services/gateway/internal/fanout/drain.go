package fanout

// Drain sends what waits to be sent in arrays, and has nothing wait from then on: what the doors say to their clients next are the last words.
func (h *Hub) Drain() {
	h.draining.Store(true)
	for _, source := range h.sources {
		for _, partition := range source.all() {
			partition.drain()
		}
	}
	for _, replay := range h.replays.all() {
		replay.partition.drain()
	}
}

func (p *partition) drain() {
	for _, subscriber := range p.emptyBuffers() {
		subscriber.flush()
	}
}

// emptyBuffers gives the subscribers who are to be flushed.
func (p *partition) emptyBuffers() (offered []*Subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, member := range p.members {
		for _, buffer := range member.buffers {
			buffer.emptyFirst()
		}
		if len(member.buffers) > 0 {
			offered = append(offered, member.subscriber)
		}
	}
	return offered
}
