package atlas

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

const typeConnection = "connection"

// ParseResult reads a measurement result: one JSON object in UTF-8, no deeper than MaxDepth, with msm_id and prb_id (1 to MaxID), timestamp (Unix seconds, 0 to
// MaxTimestamp) and type. The event's Value is raw, on one line. The error is for the sender: it names the member, its value and what is allowed.
func ParseResult(raw []byte) (Event, error) {
	members, err := readRequired(raw)
	if err != nil {
		return Event{}, err
	}
	if members.eventType == typeConnection {
		return Event{}, errors.New(`type: got "connection", want a measurement result; probe-status events go to /v1/probestatus or PublishProbeStatus`)
	}
	return members.result(raw)
}

// ParseArchived reads a record of an archive: what ParseResult accepts, or a connection event that ParseProbeStatus accepts, as in downloads of
// ConnectionMeasurement.
func ParseArchived(raw []byte) (Event, error) {
	members, err := readRequired(raw)
	if err != nil {
		return Event{}, err
	}
	if members.eventType == typeConnection {
		return ParseProbeStatus(raw)
	}
	return members.result(raw)
}

func readRequired(raw []byte) (members required, err error) {
	err = visitMembers(raw, members.take)
	return members, err
}

func (r *required) result(raw []byte) (Event, error) {
	if err := r.missing(true); err != nil {
		return Event{}, err
	}
	return r.event(StreamResult, MeasurementID(r.measurement), raw)
}

// ParseProbeStatus reads a connection event: a probe connected to its controller, or its connection ended. It requires prb_id, timestamp,
// type ("connection") and event ("connect" or "disconnect"); msm_id is optional and must be ConnectionMeasurement.
func ParseProbeStatus(raw []byte) (Event, error) {
	status := statusMembers{}
	if err := visitMembers(raw, status.take); err != nil {
		return Event{}, err
	}
	if err := status.check(); err != nil {
		return Event{}, err
	}
	return status.event(StreamProbeStatus, ConnectionMeasurement, raw)
}

type statusMembers struct {
	required
	seenEvent bool
}

func (s *statusMembers) take(name, value []byte) error {
	if string(name) != "event" {
		return s.required.take(name, value)
	}
	if err := once("event", &s.seenEvent); err != nil {
		return err
	}
	if event := string(value); event != `"connect"` && event != `"disconnect"` {
		return fmt.Errorf(`event: got %s, want "connect" or "disconnect"`, quoteBriefly(value))
	}
	return nil
}

func (s *statusMembers) check() error {
	if err := s.missing(false); err != nil {
		return err
	}
	if !s.seenEvent {
		return errors.New("event: missing")
	}
	if s.eventType != typeConnection {
		return fmt.Errorf(`type: got %q, want "connection"`, s.eventType)
	}
	if s.seen.measurement && s.measurement != int64(ConnectionMeasurement) {
		return fmt.Errorf("msm_id: got %d, want %d or none", s.measurement, ConnectionMeasurement)
	}
	return nil
}

func (r *required) event(stream Stream, measurement MeasurementID, raw []byte) (Event, error) {
	value, err := oneLine(raw)
	if err != nil {
		return Event{}, err
	}
	return Event{
		Stream:      stream,
		Measurement: measurement,
		Probe:       ProbeID(r.probe),
		Type:        r.eventType,
		Time:        r.time(),
		ID:          EventIDOf(value),
		Value:       value,
	}, nil
}

// oneLine removes the white space between the tokens of a value over several lines, so that every record in the topics is one line.
func oneLine(raw []byte) ([]byte, error) {
	raw = bytes.TrimSpace(raw)
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw, nil
	}
	value := jsontext.Value(bytes.Clone(raw))
	if err := value.Compact(append(syntax, jsontext.PreserveRawStrings(true))...); err != nil {
		return nil, syntaxError(err)
	}
	return value, nil
}

// CheckValue refuses what is not one JSON object in UTF-8, no deeper than MaxDepth, as ParseResult and ParseProbeStatus do, whatever its members. It is several
// times as fast as they are.
func CheckValue(value []byte) error {
	s := scanner{text: value}
	at := s.skipSpace(0)
	if at == len(value) || value[at] != '{' {
		return errors.New("not a JSON object")
	}
	end, err := s.object(at)
	if err != nil {
		return err
	}
	if end = s.skipSpace(end); end < len(value) {
		return fmt.Errorf("more than one JSON object: there is text after the first at byte %d", end)
	}
	return nil
}
