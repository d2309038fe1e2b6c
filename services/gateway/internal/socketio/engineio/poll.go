package engineio

import (
	"context"
	"errors"
	"net/http"
	"time"

	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/wsframe"
)

// noopDelay is how long a poll waits for messages while the session moves to a WebSocket: short, so that the client can move, but long enough that it does
// not poll in a busy loop.
const noopDelay = 50 * time.Millisecond

// poll answers with the queued packets, as soon as there are any.
func (s *Session) poll(w http.ResponseWriter, r *http.Request) *refusal {
	transport, err := s.polling.beginPoll()
	if err != nil {
		return s.refusePolling(err)
	}
	packets, last, err := s.awaitPackets(r.Context(), transport)
	s.polling.endPoll()
	defer s.polling.answered()
	if err != nil {
		return s.refusePolling(err)
	}
	if len(packets) == 0 {
		return nil // the client is gone, and nothing was taken
	}
	if last {
		s.polling.beginLastPoll()
		defer s.polling.finish()
	}
	if err := s.answerPoll(w, packets); err != nil {
		s.Close(reasonTransportError) // the packets are lost
	}
	return nil
}

// refusePolling ends the session of a client that makes two requests of a kind at a time.
func (s *Session) refusePolling(err error) *refusal {
	if errors.Is(err, errOverlap) {
		s.Close(reasonOverlap)
	}
	return badRequest(err.Error())
}

// awaitPackets waits for packets, or for the session's last packet, which is sent alone: socket.io-client handles a close packet at once and the packets before
// it in the body later, so that a recovered session would resume from before those. It returns none when ctx ends.
func (s *Session) awaitPackets(ctx context.Context, transport transport) (packets []pollpayload.Packet, last bool, err error) {
	noopDue := s.polling.noopTimer(transport)
	for {
		packets, more := s.takePackets()
		current := s.polling.currentTransport()
		switch {
		case len(packets) > 0:
			return packets, false, nil
		case current == transportWebSocket:
			return nil, false, errMoved
		case !more:
			return []pollpayload.Packet{s.lastPacket()}, true, nil
		case current == transportProbed && noopDue == nil, s.polling.isAnswerDue():
			return []pollpayload.Packet{noop}, false, nil
		}
		select {
		case <-s.polling.wakeups:
		case <-noopDue:
			noopDue = nil
		case <-ctx.Done():
			return nil, false, nil
		}
	}
}

// noopTimer ends a poll that begins while the session is about to move to a WebSocket. One that waited already ends at once.
func (p *polling) noopTimer(transport transport) <-chan time.Time {
	if transport != transportProbed {
		return nil
	}
	return time.After(noopDelay)
}

var noop = pollpayload.Packet{Data: []byte{byte(packetNoop)}}

func (s *Session) lastPacket() pollpayload.Packet {
	return pollpayload.Packet{Data: []byte{byte(s.closeReason.Load().lastPacket())}}
}

// takePackets takes packets from the queue for one body. More is false once the queue is closed and empty.
func (s *Session) takePackets() (packets []pollpayload.Packet, more bool) {
	count, room := pollpayload.MaxPackets, s.server.cfg.MaxPayload
	messages, more := s.out.TakeWhile(func(message *wsframe.Message) bool {
		count--
		room -= s.polling.mode.size(pollingPacket(s.revision, message))
		return count >= 0 && room >= 0
	})
	for _, message := range messages {
		packets = append(packets, pollingPacket(s.revision, message))
	}
	return packets, more
}

func (s *Session) answerPoll(w http.ResponseWriter, packets []pollpayload.Packet) error {
	size := 0
	for _, packet := range packets {
		size += s.polling.mode.size(packet)
	}
	form := s.polling.mode.form(packets)
	body := pollpayload.Append(make([]byte, 0, size), form, packets)
	s.out.CountSending(size)
	defer s.out.CountSending(-size)
	return writeResponse(w, s.server.cfg.Queue.WriteTimeout, http.StatusOK, contentType(form), body)
}
