package subscription

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/condition"
	"atlasstream/services/gateway/internal/parameter"
	"atlasstream/services/gateway/internal/protocol"
)

// parser parses the parameters of one subscription.
type parser struct {
	subscription Subscription
	seen         map[string]string // the folded names of parameters so far, to the names as they came
	compared     map[string]bool   // the operators and members so far
	alternatives int               // in all of equalsTo
	replay       ReplayRequest
	lists        Lists // as far as they are given
	err          error
}

// Parse parses the parameters of a subscription, a JSON object. Names in snake_case and in camelCase mean the same, and numbers, booleans, arrays and objects
// may be in strings. Its errors are *protocol.Error, with a text for the client.
func Parse(parameters []byte) (*Subscription, error) {
	if !parameter.IsObject(parameters) {
		return nil, protocol.Errorf(protocol.CodeMalformed, `parameters: got %s, want a JSON object such as {"stream_type":"result","msm":1001}`,
			cmp.Or(parameter.Shorten(string(parameters)), "nothing"))
	}
	parser := parser{seen: make(map[string]string), compared: make(map[string]bool)}
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		parser.err = parser.read(parameter.Value{Name: name.Str, Result: value})
		return parser.err == nil
	})
	if err := parser.finish(); err != nil {
		return nil, err
	}
	parsed := parser.subscription // a copy, or the parser would be kept as long as the subscription
	return &parsed, nil
}

// parameters are all parameters, by their folded names.
var parameters = map[string]func(*parser, parameter.Value) error{
	"streamtype":         (*parser).readStream,
	"msm":                (*parser).readMeasurements,
	"prb":                (*parser).readProbes,
	"type":               (*parser).readType,
	"sourceaddress":      readAddress(condition.Source),
	"sourceprefix":       readPrefix(condition.Source),
	"destinationaddress": readAddress(condition.Destination),
	"destinationprefix":  readPrefix(condition.Destination),
	"passthroughhost":    readAddress(condition.Passing),
	"passthroughprefix":  readPrefix(condition.Passing),
	"equalsto":           readComparisons(equalsTo),
	"lessthan":           readComparisons(lessThan),
	"greaterto":          readComparisons(greaterTo),
	"acceptedfields":     (*parser).readFields,
	"enrichprobes":       readSwitch(func(s *Subscription) *bool { return &s.Enrich }),
	"buffering":          readSwitch(func(s *Subscription) *bool { return &s.Buffer }),
	"sendbacklog":        readSwitch(func(s *Subscription) *bool { return &s.Backlog }),
	"starttime":          readTime(func(r *ReplayRequest) *time.Time { return &r.Start }),
	"endtime":            readTime(func(r *ReplayRequest) *time.Time { return &r.End }),
	"speed":              (*parser).readSpeed,
	"cursor":             (*parser).readCursor,
	"limit":              (*parser).readLimit,
	"duration":           (*parser).readDuration,
	"since":              (*parser).readSince,
}

const parameterNames = "stream_type, msm, prb, type, sourceAddress, sourcePrefix, destinationAddress, destinationPrefix, passThroughHost, passThroughPrefix, " +
	"equalsTo, lessThan, greaterTo, acceptedFields, enrichProbes, buffering, sendBacklog, since, cursor, limit, duration, startTime, endTime and speed"

func (p *parser) read(value parameter.Value) error {
	if base, member, split := splitMember(value.Name); split {
		return p.readMember(value, base, member)
	}
	name, folded := parameter.Shorten(value.Name), parameter.Fold(value.Name)
	if before, repeated := p.seen[folded]; repeated {
		return protocol.Errorf(protocol.CodeRepeatedParameter, "%s: repeated, first given as %s", name, before)
	}
	read, exists := parameters[folded]
	if !exists {
		return protocol.Errorf(protocol.CodeUnknownParameter, "%s: there is no such parameter; there are %s", name, parameterNames)
	}
	p.seen[folded] = name
	return read(p, value.Named(name))
}

// readSwitch reads what is on or off.
func readSwitch(of func(*Subscription) *bool) func(*parser, parameter.Value) error {
	return func(p *parser, value parameter.Value) (err error) {
		*of(&p.subscription), err = value.Switch()
		return err
	}
}

// streams has probestatus under a second name, "probe".
var streams = map[string]atlas.Stream{
	"result": atlas.StreamResult, "probestatus": atlas.StreamProbeStatus, "probe": atlas.StreamProbeStatus, "metadata": atlas.StreamMetadata,
}

func (p *parser) readStream(value parameter.Value) error {
	stream, exists := streams[value.Str]
	if !exists {
		return value.Invalid(`want "result", "probestatus" or "metadata"`)
	}
	p.subscription.Stream = stream
	return nil
}

// recordTypes are the types of measurements, and the type of connection events.
var recordTypes = []string{"connection", "dns", "http", "ntp", "ping", "sslcert", "traceroute", "wifi"}

func (p *parser) readType(value parameter.Value) error {
	at := slices.Index(recordTypes, value.Str)
	if at < 0 {
		return value.Invalid("want one of %s", strings.Join(recordTypes, ", "))
	}
	p.subscription.Conditions = slices.Insert(p.subscription.Conditions, 0, condition.OfType(recordTypes[at])) // the fastest first
	return nil
}

// finish checks what several parameters mean together.
func (p *parser) finish() error {
	if p.err != nil {
		return p.err
	}
	if err := p.finishSince(); err != nil {
		return err
	}
	p.finishCursor()
	if err := p.finishReplay(); err != nil {
		return err
	}
	if err := p.finishStream(); err != nil {
		return err
	}
	return p.finishLists()
}

// finishStream checks what the stream allows.
func (p *parser) finishStream() error {
	switch subscription := &p.subscription; subscription.Stream {
	case atlas.StreamProbeStatus:
		return p.finishProbeStatus()
	case atlas.StreamMetadata:
		return p.finishMetadata()
	default:
		subscription.Stream = atlas.StreamResult
		if subscription.Measurement == 0 {
			return protocol.Errorf(protocol.CodeMissingParameter,
				"msm: missing; a subscription to results names the measurement, a whole number from 1 to %d", int64(atlas.MaxID))
		}
		return nil
	}
}

func (p *parser) finishProbeStatus() error {
	if len(p.lists.Measurements) > 1 {
		return parameter.Refuse("%s: got several, want %d or none with probestatus", p.seen["msm"], atlas.ConnectionMeasurement)
	}
	if given := p.subscription.Measurement; given != 0 && given != atlas.ConnectionMeasurement {
		return parameter.Refuse("%s: got %d, want %d or none with probestatus", p.seen["msm"], given, atlas.ConnectionMeasurement)
	}
	p.subscription.Measurement = atlas.ConnectionMeasurement
	return nil
}

// finishMetadata refuses what metadata would never match.
func (p *parser) finishMetadata() error {
	const ofMeasurements, notReplayed = "none with metadata, which are of measurements and not of probes", "none with metadata, which cannot be replayed"
	if p.subscription.Probe != 0 {
		return parameter.Refuse("%s: got %d, want "+ofMeasurements, p.seen["prb"], p.subscription.Probe)
	}
	if p.subscription.Enrich {
		return parameter.Refuse("%s: got true, want false or "+ofMeasurements, p.seen["enrichprobes"])
	}
	for _, name := range []string{"starttime", "cursor", "since"} {
		if came, given := p.seen[name]; given {
			return parameter.Refuse("%s: given, want "+notReplayed, came)
		}
	}
	if p.subscription.Backlog {
		return parameter.Refuse("%s: got true, want false or "+notReplayed, p.seen["sendbacklog"])
	}
	return nil
}
