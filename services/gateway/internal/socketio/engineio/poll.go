package engineio

import (
	"context"
	"errors"
	"net/http"
	"time"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio/payload"
)

// noopDelay is how long a poll waits for messages that comes while the session moves to a WebSocket. The client must not be held up, nor made to poll in
// a loop.
const noopDelay = 50 * time.Millisecond

// poll answers with what waits for the client, as soon as something does.
func (s *Session) poll(w http.ResponseWriter, r *http.Request) *refusal {
	carrier, err := s.polling.beginPoll()
	if err != nil {
		return s.refusePolling(err)
	}
	packets, last, err := s.awaitPackets(r.Context(), carrier)
	s.polling.endPoll()
	defer s.polling.answered()
	if err != nil {
		return s.refusePolling(err)
	}
	if len(packets) == 0 {
		return nil // the client has gone, and nothing was taken
	}
	if last {
		s.polling.beginFarewell()
		defer s.polling.leave()
	}
	if err := s.answerPoll(w, packets); err != nil {
		s.Close(endTransportError) // what the answer held is lost
	}
	return nil
}

// refusePolling ends the session of a client that makes two requests of a kind at a time.
func (s *Session) refusePolling(err error) *refusal {
	if errors.Is(err, errOverlap) {
		s.Close(endOverlap)
	}
	return badRequest(err.Error())
}

// awaitPackets waits for packets, or for the session's last packet, which comes alone: socket.io-client acts on a close packet at once and on what stands
// before it in the body later, so that it would take up a recovered session from before those messages. It returns none when ctx ends.
func (s *Session) awaitPackets(ctx context.Context, carrier carrier) (packets []payload.Packet, last bool, err error) {
	hurry := s.polling.hurry(carrier)
	for {
		packets, more := s.take()
		carrier := s.polling.carriedBy()
		switch {
		case len(packets) > 0:
			return packets, false, nil
		case carrier == carrierWebSocket:
			return nil, false, errMoved
		case !more:
			return []payload.Packet{s.lastPacket()}, true, nil
		case carrier == carrierProbed && hurry == nil:
			return []payload.Packet{noop}, false, nil
		}
		select {
		case <-s.polling.woken:
		case <-hurry:
			hurry = nil
		case <-ctx.Done():
			return nil, false, nil
		}
	}
}

// hurry tells a poll when to end if the session is about to move to a WebSocket: a poll that waits already, at once.
func (p *polling) hurry(carrier carrier) <-chan time.Time {
	if carrier != carrierProbed {
		return nil
	}
	return time.After(noopDelay)
}

var noop = payload.Packet{Data: []byte{byte(packetNoop)}}

func (s *Session) lastPacket() payload.Packet {
	return payload.Packet{Data: []byte{byte(s.ending.Load().lastPacket())}}
}

// take takes packets from the queue for one body. More is false when nothing will wait in it any more.
func (s *Session) take() (packets []payload.Packet, more bool) {
	count, room := payload.MaxPackets, s.server.cfg.MaxPayload
	messages, more := s.out.TakeWhile(func(message *sendqueue.Message) bool {
		count--
		room -= s.polling.bodies.size(pollingPacket(s.revision, message))
		return count >= 0 && room >= 0
	})
	for _, message := range messages {
		packets = append(packets, pollingPacket(s.revision, message))
	}
	return packets, more
}

func (s *Session) answerPoll(w http.ResponseWriter, packets []payload.Packet) error {
	size := 0
	for _, packet := range packets {
		size += s.polling.bodies.size(packet)
	}
	form := s.polling.bodies.form(packets)
	body := payload.Append(make([]byte, 0, size), form, packets)
	return answer(w, s.server.cfg.Queue.WriteTimeout, http.StatusOK, contentType(form), body)
}
