package engineio

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
)

// maxPostPackets bounds the packets of a body. A client that was offline may send hundreds at once.
const maxPostPackets = 10_000

// post receives the packets of a client's body, one after the other.
func (s *Session) post(w http.ResponseWriter, r *http.Request) *refusal {
	if err := s.polling.beginPost(); err != nil {
		return s.refusePolling(err)
	}
	refused := s.takeBody(w, r)
	s.polling.endPost() // before the response, as with polls
	if refused != nil {
		return refused
	}
	// Some old browsers offer text/plain as a download.
	_ = writeResponse(w, s.server.cfg.Queue.WriteTimeout, http.StatusOK, "text/html", []byte("ok")) // the client may be gone
	return nil
}

// bodyBuffers are reused for bodies.
var bodyBuffers = bufferpool.Pool{MaxBytes: 256 << 10}

func (s *Session) takeBody(w http.ResponseWriter, r *http.Request) *refusal {
	body := bodyBuffers.Get()
	defer bodyBuffers.Put(body)
	refused := s.readBody(w, r, body)
	admitted := s.admits(body.Len()) // also if it is refused
	if refused != nil || !admitted {
		return refused
	}
	return s.receiveBody(body.Bytes())
}

// readBody does not close the session if the body is incomplete or too long: none of its packets were received.
func (s *Session) readBody(w http.ResponseWriter, r *http.Request, body *bytes.Buffer) *refusal {
	deadline := time.Now().Add(s.server.cfg.Queue.WriteTimeout)
	_ = http.NewResponseController(w).SetReadDeadline(deadline) // fails for a writer without deadlines only
	limit := int64(s.server.cfg.MaxPayload)
	if r.ContentLength > limit {
		return tooLarge(fmt.Sprintf("body: got %d bytes, want at most %d", r.ContentLength, limit))
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return tooLarge(fmt.Sprintf("body: got more than %d bytes", limit))
	}
	if err != nil {
		return badRequest("body: " + err.Error())
	}
	return nil
}

func (s *Session) receiveBody(body []byte) *refusal {
	limits := pollpayload.Limits{Packets: maxPostPackets, Bytes: s.server.cfg.MaxPayload}
	packets, err := pollpayload.Decode(detectForm(s.revision, body), body, limits)
	if tooMany, ok := errors.AsType[*pollpayload.TooLargeError](err); ok {
		return tooLarge(tooMany.Error())
	}
	if err != nil {
		s.Close(malformedReason(err))
		return badRequest(err.Error())
	}
	counted := true // the first packet, by the body
	for packet, err := range packets {
		if !counted && !s.admits(0) { // its bytes are counted already
			continue
		}
		counted = false
		if err := s.receivePosted(packet, err); err != nil {
			return badRequest(err.Error())
		}
	}
	return nil
}

// receivePosted receives a packet, or the error of decoding it. Packets after the client's close packet, or after the session's end, are ignored.
func (s *Session) receivePosted(posted pollpayload.Packet, err error) error {
	if s.clientClosing.Load() || s.closeReason.Load() != nil {
		return nil
	}
	if err != nil {
		s.Close(malformedReason(err))
		return err
	}
	if posted.Binary {
		return s.receive(packet{kind: packetMessage, binary: true, data: posted.Data})
	}
	decoded, err := decodeText(posted.Data)
	if err != nil {
		s.Close(malformedReason(err))
		return err
	}
	return s.receive(decoded)
}
