package atlas

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// The statuses of a probe that connects, as RIPE numbers them.
const (
	ProbeConnected    = 1
	ProbeDisconnected = 2
)

// Probe is what the registry says of a probe of RIPE Atlas. A nil pointer, an empty string, a zero time and nil tags stand for what it does not say.
type Probe struct {
	ID                   ProbeID
	Latitude, Longitude  *float64 // degrees
	CountryCode          string   // two letters, ISO 3166
	ASNv4, ASNv6         *int64
	PrefixV4, PrefixV6   string // as "193.0.0.0/21"
	AddressV4, AddressV6 string
	Anchor, Public       *bool
	StatusID             *int64 // 0 never connected, ProbeConnected, ProbeDisconnected, 3 abandoned, 4 written off
	StatusName           string // "Connected", …
	StatusSince          time.Time
	FirstConnected       time.Time
	TotalUptime          *int64   // seconds
	Tags                 []string // their slugs
}

// ParseProbe reads a probe as RIPE's API, version 2, gives it (/api/v2/probes/: geometry, status and tags are objects), or as the daily files of RIPE's
// probe archive do (ftp.ripe.net/ripe/atlas/probes/archive: latitude and longitude, status and status_name, tags as slugs). Only id is required. A
// member must be of its type: the error names the member, its value and what is allowed.
func ParseProbe(value []byte) (Probe, error) {
	var probe Probe
	if err := probeMembers.read(&probe, value); err != nil {
		return Probe{}, err
	}
	if probe.ID == 0 {
		return Probe{}, errNoID
	}
	return probe, nil
}

// ProbeObject returns the Object of a probe that ParseProbe accepts. Its value is raw, on one line.
func ProbeObject(raw []byte) (Object, error) {
	probe, err := ParseProbe(raw)
	if err != nil {
		return Object{}, err
	}
	return newObject(int64(probe.ID), raw)
}

var probeMembers = memberReaders[Probe]{
	"id": func(p *Probe, value []byte) error {
		id, err := objectID(value)
		p.ID = ProbeID(id)
		return err
	},
	"geometry":        (*Probe).takeGeometry,
	"latitude":        func(p *Probe, value []byte) error { return optionalFloat(&p.Latitude, value) },
	"longitude":       func(p *Probe, value []byte) error { return optionalFloat(&p.Longitude, value) },
	"country_code":    func(p *Probe, value []byte) error { return text(&p.CountryCode, value) },
	"asn_v4":          func(p *Probe, value []byte) error { return optionalInteger(&p.ASNv4, value) },
	"asn_v6":          func(p *Probe, value []byte) error { return optionalInteger(&p.ASNv6, value) },
	"prefix_v4":       func(p *Probe, value []byte) error { return text(&p.PrefixV4, value) },
	"prefix_v6":       func(p *Probe, value []byte) error { return text(&p.PrefixV6, value) },
	"address_v4":      func(p *Probe, value []byte) error { return text(&p.AddressV4, value) },
	"address_v6":      func(p *Probe, value []byte) error { return text(&p.AddressV6, value) },
	"is_anchor":       func(p *Probe, value []byte) error { return optionalBoolean(&p.Anchor, value) },
	"is_public":       func(p *Probe, value []byte) error { return optionalBoolean(&p.Public, value) },
	"status":          (*Probe).takeStatus,
	"status_name":     func(p *Probe, value []byte) error { return text(&p.StatusName, value) },
	"status_since":    func(p *Probe, value []byte) error { return timestamp(&p.StatusSince, value) },
	"first_connected": func(p *Probe, value []byte) error { return timestamp(&p.FirstConnected, value) },
	"total_uptime":    func(p *Probe, value []byte) error { return optionalInteger(&p.TotalUptime, value) },
	"tags":            (*Probe).takeTags,
}

var geometryMembers = memberReaders[Probe]{"coordinates": (*Probe).takeCoordinates}

func (p *Probe) takeGeometry(value []byte) error { return geometryMembers.read(p, value) }

// takeCoordinates reads a GeoJSON position: longitude comes first.
func (p *Probe) takeCoordinates(value []byte) error {
	axes := []**float64{&p.Longitude, &p.Latitude}
	err := visitElements(value, func(element jsontext.Value) error {
		if len(axes) == 0 || isAbsent(element) {
			return nil // an altitude, or unknown
		}
		axis := axes[0]
		axes = axes[1:]
		return optionalFloat(axis, element)
	})
	if err != nil {
		return err
	}
	if len(axes) == 1 {
		return fmt.Errorf("got %s, want longitude and latitude", quoteBriefly(value))
	}
	return nil
}

var probeStatusMembers = memberReaders[Probe]{
	"id":   func(p *Probe, value []byte) error { return optionalInteger(&p.StatusID, value) },
	"name": func(p *Probe, value []byte) error { return text(&p.StatusName, value) },
	"since": func(p *Probe, value []byte) error {
		if !p.StatusSince.IsZero() { // status_since says the same
			return nil
		}
		return timestamp(&p.StatusSince, value)
	},
}

func (p *Probe) takeStatus(value []byte) error {
	if jsontext.Value(value).Kind() == '{' {
		return probeStatusMembers.read(p, value)
	}
	return optionalInteger(&p.StatusID, value)
}

// maxTags bounds the tags of a probe; real ones have some dozens.
const maxTags = 200

var errTag = errors.New(`want slugs or objects with "slug"`)

var tagMembers = memberReaders[string]{"slug": text}

func (p *Probe) takeTags(value []byte) error {
	p.Tags = []string{}
	return visitElements(value, func(element jsontext.Value) error {
		var slug string
		var err error
		if len(p.Tags) == maxTags {
			return fmt.Errorf("got more than %d tags, want at most that many", maxTags)
		}
		switch element.Kind() {
		case '{':
			err = tagMembers.read(&slug, element)
		case '"':
			err = text(&slug, element)
		default:
			err = fmt.Errorf("got %s, %w", quoteBriefly(element), errTag)
		}
		if slug != "" {
			p.Tags = append(p.Tags, slug)
		}
		return err
	})
}
