package engineio

import "atlasstream/services/gateway/internal/wsconn"

// reserve lets one WebSocket at a time try to take the session over.
func (p *polling) reserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.carrier != carrierPolling {
		return false
	}
	p.carrier = carrierReserved
	p.probing.Add(1)
	return true
}

// opened notes the WebSocket; the session may have ended during the handshake.
func (p *polling) opened(socket *wsconn.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probe = socket
	if p.ended {
		p.dropProbe()
	}
}

// probed ends the poll that waits, so that the client can move.
func (p *polling) probed(socket *wsconn.Conn) {
	p.mu.Lock()
	if p.probe == socket {
		p.carrier = carrierProbed
	}
	p.mu.Unlock()
	p.wake()
}

func (p *polling) move(socket *wsconn.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.probe != socket {
		return false
	}
	p.carrier, p.probe = carrierWebSocket, nil
	return true
}

// giveUp closes the WebSocket, if it still is the one that tries to take the session over; nil stands for one that could not be opened.
func (p *polling) giveUp(socket *wsconn.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.carrier != carrierWebSocket && p.probe == socket {
		p.dropProbe()
	}
}

// dropProbe is called under the lock.
func (p *polling) dropProbe() {
	p.carrier = carrierPolling
	if p.probe != nil {
		p.probe.CutOff()
		p.probe = nil
	}
}
