package atlas

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxTimestamp is the greatest event timestamp accepted, the end of the year 9999, in Unix seconds.
const MaxTimestamp = 253402300799

// maxTypeLength bounds the name of a measurement type, in bytes.
const maxTypeLength = 32

// required collects the members that every event must have.
type required struct {
	measurement, probe, timestamp int64
	eventType                     string
	seen                          seenMembers
}

type seenMembers struct{ measurement, probe, timestamp, eventType bool }

// take reads a required member, and ignores others.
func (r *required) take(name, value []byte) error {
	switch string(name) {
	case "msm_id":
		return takeInteger("msm_id", value, 1, MaxID, &r.measurement, &r.seen.measurement)
	case "prb_id":
		return takeInteger("prb_id", value, 1, MaxID, &r.probe, &r.seen.probe)
	case "timestamp":
		return takeInteger("timestamp", value, 0, MaxTimestamp, &r.timestamp, &r.seen.timestamp)
	case "type":
		return r.takeType(value)
	}
	return nil
}

func (r *required) takeType(value []byte) error {
	if err := once("type", &r.seen.eventType); err != nil {
		return err
	}
	text, isString := stringValue(value)
	if !isString || len(text) == 0 || len(text) > maxTypeLength {
		return fmt.Errorf("type: got %s, want a measurement type such as \"ping\", of 1 to %d bytes", quoteBriefly(value), maxTypeLength)
	}
	r.eventType = internType(text)
	return nil
}

// missing returns an error for the first required member that is missing; a probe-status event needs no measurement.
func (r *required) missing(needsMeasurement bool) error {
	for _, member := range []struct {
		name   string
		absent bool
	}{
		{"msm_id", needsMeasurement && !r.seen.measurement},
		{"prb_id", !r.seen.probe},
		{"timestamp", !r.seen.timestamp},
		{"type", !r.seen.eventType},
	} {
		if member.absent {
			return fmt.Errorf("%s: missing", member.name)
		}
	}
	return nil
}

func (r *required) time() time.Time { return time.Unix(r.timestamp, 0).UTC() }

// takeInteger reads a whole number, which old firmware sometimes writes as a string.
func takeInteger(name string, value []byte, minimum, maximum int64, into *int64, seen *bool) error {
	if err := once(name, seen); err != nil {
		return err
	}
	number, err := wholeNumber(value, minimum, maximum)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*into = number
	return nil
}

func wholeNumber(value []byte, minimum, maximum int64) (int64, error) {
	digits := value
	if len(value) > 2 && value[0] == '"' {
		digits = value[1 : len(value)-1]
	}
	number, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || number < minimum || number > maximum || digits[0] == '+' {
		return 0, fmt.Errorf("got %s, want a whole number from %d to %d", quoteBriefly(value), minimum, maximum)
	}
	return number, nil
}

// once refuses a repeated member, as parsers differ in which one they take.
func once(name string, seen *bool) error {
	if *seen {
		return fmt.Errorf("%s: given twice, want it once", name)
	}
	*seen = true
	return nil
}

func stringValue(value []byte) ([]byte, bool) {
	if jsontext.Value(value).Kind() != '"' {
		return nil, false
	}
	text, err := unquote(nil, value)
	return text, err == nil
}

// quoteBriefly returns at most 40 bytes of a value, for errors.
func quoteBriefly(value []byte) string {
	const maxLength = 40
	if len(value) <= maxLength {
		return string(value)
	}
	return string(value[:maxLength]) + "…"
}

// internType saves an allocation for known types.
func internType(text []byte) string {
	switch string(text) {
	case "ping":
		return "ping"
	case "traceroute":
		return "traceroute"
	case "dns":
		return "dns"
	case "sslcert":
		return "sslcert"
	case "http":
		return "http"
	case "ntp":
		return "ntp"
	case "wifi":
		return "wifi"
	case typeConnection:
		return typeConnection
	}
	return string(text)
}
