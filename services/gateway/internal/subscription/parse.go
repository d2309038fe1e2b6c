package subscription

import (
	"slices"
	"strings"
	"unicode/utf8"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// Parse reads the parameters of a subscription, a JSON object. Names in snake_case and in camelCase mean the same, and strings stand for numbers, booleans,
// lists and objects. Its errors are *protocol.Error, worded for the client.
func Parse(parameters []byte) (*Subscription, error) {
	if !isObject(parameters) {
		return nil, protocol.Refuse(protocol.CodeMalformed,
			`parameters: got %s, want a JSON object such as {"stream_type":"result","msm":1001}`, brief(parameters))
	}
	parser := parser{seen: make(map[string]string), compared: make(map[string]bool)}
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		parser.err = parser.read(name.String(), value)
		return parser.err == nil
	})
	if err := parser.finish(); err != nil {
		return nil, err
	}
	parsed := parser.subscription // a copy, or the parser would be kept as long as the subscription
	return &parsed, nil
}

func isObject(text []byte) bool {
	return utf8.Valid(text) && !nestsTooDeep(text) && gjson.ValidBytes(text) && gjson.ParseBytes(text).IsObject()
}

// nestsTooDeep keeps away what would take much memory to check: no parameter needs more than a list in an object in an object.
func nestsTooDeep(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch mark := marks[text[i]]; mark {
		case quote:
			i, _ = textEnd(text, i+1)
		default:
			depth += int(mark)
		}
		if depth > maxNesting {
			return true
		}
	}
	return false
}

type parser struct {
	subscription Subscription
	seen         map[string]string // parameter to the name that it came under
	compared     map[string]bool   // comparisons and members that have come
	alternatives int               // in all of equalsTo
	past         Past
	err          error
}

// parameter reads a parameter that came under a name.
type parameter func(p *parser, name string, value gjson.Result) error

// parameters are those that there are, by their folded names.
var parameters = map[string]parameter{
	"streamtype":         (*parser).readStream,
	"msm":                (*parser).readMeasurement,
	"prb":                (*parser).readProbe,
	"type":               (*parser).readType,
	"sourceaddress":      address(source),
	"sourceprefix":       prefix(source),
	"destinationaddress": address(destination),
	"destinationprefix":  prefix(destination),
	"passthroughhost":    address(passing),
	"passthroughprefix":  prefix(passing),
	"equalsto":           comparisons(equal),
	"lessthan":           comparisons(less),
	"greaterto":          comparisons(greater),
	"acceptedfields":     (*parser).readFields,
	"enrichprobes":       (*parser).readEnrich,
	"buffering":          (*parser).readBuffer,
	"sendbacklog":        (*parser).readBacklog,
	"starttime":          (*parser).readStart,
	"endtime":            (*parser).readEnd,
	"speed":              (*parser).readSpeed,
	"cursor":             (*parser).readCursor,
}

const served = "stream_type, msm, prb, type, sourceAddress, sourcePrefix, destinationAddress, destinationPrefix, passThroughHost, passThroughPrefix, " +
	"equalsTo, lessThan, greaterTo, acceptedFields, enrichProbes, buffering, sendBacklog, cursor, startTime, endTime and speed"

// fold makes one of both naming styles, stream_type and streamType, and of the two names of greaterTo.
func fold(name string) string {
	folded := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	if folded == "greaterthan" {
		return "greaterto"
	}
	return folded
}

func (p *parser) read(name string, value gjson.Result) error {
	if base, member, split := splitMember(name); split {
		return p.readMember(shorten(name), base, member, value)
	}
	name, folded := shorten(name), fold(name)
	if before, repeated := p.seen[folded]; repeated {
		return protocol.Refuse(protocol.CodeRepeatedParameter, "%s: came before, as %s", name, before)
	}
	read, exists := parameters[folded]
	if !exists {
		return protocol.Refuse(protocol.CodeUnknownParameter, "%s: there is no such parameter; there are %s", name, served)
	}
	p.seen[folded] = name
	return read(p, name, value)
}

var streams = map[string]atlas.Stream{
	"result": atlas.StreamResult, "probestatus": atlas.StreamProbeStatus, "probe": atlas.StreamProbeStatus, "metadata": atlas.StreamMetadata,
}

func (p *parser) readStream(name string, value gjson.Result) error {
	stream, exists := streams[value.String()]
	if value.Type != gjson.String || !exists {
		return invalid(name, value, `want "result", "probestatus" or "metadata"`)
	}
	p.subscription.Stream = stream
	return nil
}

func (p *parser) readMeasurement(name string, value gjson.Result) error {
	id, err := readID(name, value)
	p.subscription.Measurement = atlas.MeasurementID(id)
	return err
}

func (p *parser) readProbe(name string, value gjson.Result) error {
	id, err := readID(name, value)
	p.subscription.Probe = atlas.ProbeID(id)
	return err
}

// recordTypes are the types of measurements, and that of connection events.
var recordTypes = []string{"connection", "dns", "http", "ntp", "ping", "sslcert", "traceroute", "wifi"}

func (p *parser) readType(name string, value gjson.Result) error {
	if value.Type != gjson.String || !slices.Contains(recordTypes, value.String()) {
		return invalid(name, value, "want one of %s", strings.Join(recordTypes, ", "))
	}
	at := slices.Index(recordTypes, value.String())
	p.subscription.conditions = slices.Insert(p.subscription.conditions, 0, condition(ofType(recordTypes[at]))) // it is the quickest to tell
	return nil
}

func (p *parser) readEnrich(name string, value gjson.Result) (err error) {
	p.subscription.Enrich, err = readSwitch(name, value)
	return err
}

func (p *parser) readBuffer(name string, value gjson.Result) (err error) {
	p.subscription.Buffer, err = readSwitch(name, value)
	return err
}

func (p *parser) readBacklog(name string, value gjson.Result) (err error) {
	p.subscription.Backlog, err = readSwitch(name, value)
	return err
}

func (p *parser) finish() error {
	if p.err != nil {
		return p.err
	}
	p.finishCursor()
	if err := p.finishPast(); err != nil {
		return err
	}
	switch wanted := &p.subscription; wanted.Stream {
	case atlas.StreamProbeStatus:
		return p.finishProbeStatus()
	case atlas.StreamMetadata:
		return p.finishMetadata()
	default:
		wanted.Stream = atlas.StreamResult
		if wanted.Measurement == 0 {
			return protocol.Refuse(protocol.CodeMissingParameter,
				"msm: missing; a subscription to results names the measurement, a whole number from 1 to %d", int64(atlas.MaxID))
		}
		return nil
	}
}

func (p *parser) finishProbeStatus() error {
	if given := p.subscription.Measurement; given != 0 && given != atlas.ConnectionMeasurement {
		return protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: got %d, want %d or none with probestatus", p.seen["msm"], given, atlas.ConnectionMeasurement)
	}
	p.subscription.Measurement = atlas.ConnectionMeasurement
	return nil
}

// finishMetadata refuses what would wait for ever: metadata are not of probes.
func (p *parser) finishMetadata() error {
	if p.subscription.Probe != 0 {
		return protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: got %d, want none with metadata, which are of measurements and not of probes", p.seen["prb"], p.subscription.Probe)
	}
	if p.subscription.Enrich {
		return protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: got true, want false or none with metadata, which are of measurements and not of probes", p.seen["enrichprobes"])
	}
	for _, name := range []string{"starttime", "cursor"} {
		if came, given := p.seen[name]; given {
			return protocol.Refuse(protocol.CodeInvalidParameter, "%s: came, want none with metadata, whose past is not replayed", came)
		}
	}
	if p.subscription.Backlog {
		return protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: got true, want false or none with metadata, whose past is not replayed", p.seen["sendbacklog"])
	}
	return nil
}
