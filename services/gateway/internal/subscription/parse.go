package subscription

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/protocol"
)

// Parse parses the parameters of a subscription, a JSON object. Names in snake_case and in camelCase mean the same, and numbers, booleans, arrays and objects
// may be in strings. Its errors are *protocol.Error, with a text for the client.
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
	return utf8.Valid(text) && !jsonpath.NestsTooDeep(text) && gjson.ValidBytes(text) && gjson.ParseBytes(text).IsObject()
}

// parameters are all parameters, by their folded names.
var parameters = map[string]readParameter{
	"streamtype":         (*parser).readStream,
	"msm":                (*parser).readMeasurements,
	"prb":                (*parser).readProbes,
	"type":               (*parser).readType,
	"sourceaddress":      readAddress(source),
	"sourceprefix":       readPrefix(source),
	"destinationaddress": readAddress(destination),
	"destinationprefix":  readPrefix(destination),
	"passthroughhost":    readAddress(passing),
	"passthroughprefix":  readPrefix(passing),
	"equalsto":           readComparisons(equal),
	"lessthan":           readComparisons(less),
	"greaterto":          readComparisons(greater),
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

func (p *parser) read(name string, value gjson.Result) error {
	if base, member, split := splitMember(name); split {
		return p.readMember(shorten(name), base, member, value)
	}
	name, folded := shorten(name), fold(name)
	if before, repeated := p.seen[folded]; repeated {
		return protocol.Refuse(protocol.CodeRepeatedParameter, "%s: repeated, first given as %s", name, before)
	}
	read, exists := parameters[folded]
	if !exists {
		return protocol.Refuse(protocol.CodeUnknownParameter, "%s: there is no such parameter; there are %s", name, parameterNames)
	}
	p.seen[folded] = name
	return read(p, name, value)
}

// streams has probestatus under a second name, "probe".
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

// recordTypes are the types of measurements, and the type of connection events.
var recordTypes = []string{"connection", "dns", "http", "ntp", "ping", "sslcert", "traceroute", "wifi"}

func (p *parser) readType(name string, value gjson.Result) error {
	if value.Type != gjson.String || !slices.Contains(recordTypes, value.String()) {
		return invalid(name, value, "want one of %s", strings.Join(recordTypes, ", "))
	}
	at := slices.Index(recordTypes, value.String())
	p.subscription.conditions = slices.Insert(p.subscription.conditions, 0, condition(ofType(recordTypes[at]))) // the fastest first
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
			return protocol.Refuse(protocol.CodeMissingParameter,
				"msm: missing; a subscription to results names the measurement, a whole number from 1 to %d", int64(atlas.MaxID))
		}
		return nil
	}
}

func (p *parser) finishProbeStatus() error {
	if len(p.lists.Measurements) > 1 {
		return refuse("%s: got several, want %d or none with probestatus", p.seen["msm"], atlas.ConnectionMeasurement)
	}
	if given := p.subscription.Measurement; given != 0 && given != atlas.ConnectionMeasurement {
		return refuse("%s: got %d, want %d or none with probestatus", p.seen["msm"], given, atlas.ConnectionMeasurement)
	}
	p.subscription.Measurement = atlas.ConnectionMeasurement
	return nil
}

// finishMetadata refuses what metadata would never match.
func (p *parser) finishMetadata() error {
	const ofMeasurements, notReplayed = "none with metadata, which are of measurements and not of probes", "none with metadata, which cannot be replayed"
	if p.subscription.Probe != 0 {
		return refuse("%s: got %d, want "+ofMeasurements, p.seen["prb"], p.subscription.Probe)
	}
	if p.subscription.Enrich {
		return refuse("%s: got true, want false or "+ofMeasurements, p.seen["enrichprobes"])
	}
	for _, name := range []string{"starttime", "cursor", "since"} {
		if came, given := p.seen[name]; given {
			return refuse("%s: given, want "+notReplayed, came)
		}
	}
	if p.subscription.Backlog {
		return refuse("%s: got true, want false or "+notReplayed, p.seen["sendbacklog"])
	}
	return nil
}
