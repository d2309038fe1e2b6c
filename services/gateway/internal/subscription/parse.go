package subscription

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// Limits of one subscription.
const (
	MaxFields      = 100 // names in acceptedFields
	MaxFieldLength = 100 // bytes of one name
)

// Parse reads the parameters of a subscription, a JSON object. Names in snake_case and in camelCase mean the same, and strings stand for numbers.
// Its errors are *Error, worded for the client.
func Parse(parameters []byte) (*Subscription, error) {
	if !gjson.ValidBytes(parameters) || !gjson.ParseBytes(parameters).IsObject() {
		return nil, Refuse(CodeMalformed, `parameters: got %s, want a JSON object such as {"stream_type":"result","msm":1001}`, brief(parameters))
	}
	parser := parser{seen: make(map[string]string)}
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		return parser.take(name.String(), value) == nil
	})
	if err := parser.finish(); err != nil {
		return nil, err
	}
	return &parser.subscription, nil
}

type parser struct {
	subscription Subscription
	seen         map[string]string // parameter to the name that it came under
	err          error
}

// spelling folds both naming styles, stream_type and streamType.
func spelling(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

func (p *parser) take(name string, value gjson.Result) error {
	p.err = p.read(name, value)
	return p.err
}

func (p *parser) read(name string, value gjson.Result) error {
	name, parameter := brief([]byte(name)), spelling(name)
	if before, repeated := p.seen[parameter]; repeated {
		return Refuse(CodeRepeated, "%s: came before, as %s", name, before)
	}
	p.seen[parameter] = name
	switch parameter {
	case "streamtype":
		return p.readStream(name, value)
	case "msm":
		id, err := readID(name, value)
		p.subscription.Measurement = atlas.MeasurementID(id)
		return err
	case "prb":
		id, err := readID(name, value)
		p.subscription.Probe = atlas.ProbeID(id)
		return err
	case "acceptedfields":
		return p.readFields(name, value)
	}
	if switches[parameter] && (value.Raw == "false" || value.String() == "false") {
		return nil // it asks for nothing
	}
	if unserved[parameter] {
		return Refuse(CodeUnserved, "%s: this service does not serve it yet; it serves stream_type, msm, prb and acceptedFields", name)
	}
	return Refuse(CodeUnknown, "%s: there is no such parameter; there are stream_type, msm, prb and acceptedFields", name)
}

// unserved are the parameters of RIPE's service that a client may well send and that are refused in words of their own.
var unserved = map[string]bool{
	"type": true, "sourceaddress": true, "sourceprefix": true, "destinationaddress": true, "destinationprefix": true, "passthroughhost": true,
	"passthroughprefix": true, "enrichprobes": true, "equalsto": true, "lessthan": true, "greaterto": true, "greaterthan": true, "sendbacklog": true,
	"buffering": true, "starttime": true, "endtime": true, "speed": true,
}

// switches are those of them that may be switched off, which is what the service does anyway.
var switches = map[string]bool{"enrichprobes": true, "sendbacklog": true, "buffering": true}

func (p *parser) readStream(name string, value gjson.Result) error {
	switch value.String() {
	case "result":
		p.subscription.Stream = atlas.StreamResult
	case "probestatus", "probe":
		p.subscription.Stream = atlas.StreamProbeStatus
	case "metadata":
		return Refuse(CodeUnserved, `%s: this service does not serve "metadata" yet; it serves "result" and "probestatus"`, name)
	default:
		return Refuse(CodeInvalid, `%s: got %s, want "result" or "probestatus"`, name, brief([]byte(value.Raw)))
	}
	return nil
}

func (p *parser) readFields(name string, value gjson.Result) error {
	if !value.IsArray() {
		return Refuse(CodeInvalid, `%s: got %s, want a list of member names such as ["prb_id","timestamp"]`, name, brief([]byte(value.Raw)))
	}
	elements := value.Array()
	if len(elements) == 0 || len(elements) > MaxFields {
		return Refuse(CodeInvalid, "%s: got %d names, want 1 to %d", name, len(elements), MaxFields)
	}
	names := make([]string, len(elements))
	for i, element := range elements {
		text := element.String()
		if element.Type != gjson.String || text == "" || len(text) > MaxFieldLength || strings.Contains(text, fieldSeparator) {
			return Refuse(CodeInvalid, "%s: got %s, want names of 1 to %d bytes", name, brief([]byte(element.Raw)), MaxFieldLength)
		}
		names[i] = text
	}
	p.subscription.Fields = NewFields(names)
	return nil
}

func (p *parser) finish() error {
	if p.err != nil {
		return p.err
	}
	if p.subscription.Stream == "" {
		p.subscription.Stream = atlas.StreamResult
	}
	if p.subscription.Stream == atlas.StreamProbeStatus {
		return p.finishProbeStatus()
	}
	if p.subscription.Measurement == 0 {
		return Refuse(CodeMissing, "msm: missing; a subscription to results names the measurement, a whole number from 1 to %d", int64(atlas.MaxID))
	}
	return nil
}

func (p *parser) finishProbeStatus() error {
	if given := p.subscription.Measurement; given != 0 && given != atlas.ConnectionMeasurement {
		return Refuse(CodeInvalid, "msm: got %d, want %d or none with probestatus", given, atlas.ConnectionMeasurement)
	}
	p.subscription.Measurement = atlas.ConnectionMeasurement
	return nil
}

// readID takes a number, or a string with one.
func readID(name string, value gjson.Result) (int64, error) {
	digits := value.Raw
	if value.Type == gjson.String {
		digits = value.String()
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id < 1 || id > atlas.MaxID {
		return 0, Refuse(CodeInvalid, "%s: got %s, want a whole number from 1 to %d", name, brief([]byte(value.Raw)), int64(atlas.MaxID))
	}
	return id, nil
}

// brief shows what came without repeating all of it.
func brief(value []byte) string {
	const most = 60
	if len(value) == 0 {
		return "nothing"
	}
	if len(value) <= most {
		return string(value)
	}
	return strings.ToValidUTF8(string(value[:most]), "") + "…"
}
