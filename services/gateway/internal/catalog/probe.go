package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"atlasstream/pkg/atlas"
)

// encodedProbe is a probe, encoded as JSON in advance but for the status in the middle.
type encodedProbe struct {
	head, status, tail []byte      // members, without braces; the status is that of the object
	since              time.Time   // of the status; zero if the object has none
	listed             ListedProbe // as in the object
}

// probeHead and probeTail are the members of an enriched record's probe, in order. What the object does not have is null, but tags are always a list.
type probeHead struct {
	ID          atlas.ProbeID `json:"id"`
	Latitude    *float64      `json:"lat"`
	Longitude   *float64      `json:"long"`
	CountryCode *string       `json:"country_code"`
	ASNv4       *int64        `json:"asn_v4"`
	ASNv6       *int64        `json:"asn_v6"`
	PrefixV4    *string       `json:"prefix_v4"`
	PrefixV6    *string       `json:"prefix_v6"`
	AddressV4   *string       `json:"address_v4"`
	AddressV6   *string       `json:"address_v6"`
	Anchor      *bool         `json:"is_anchor"`
	Public      *bool         `json:"is_public"`
}

type probeStatus struct {
	ID    *int64  `json:"status_id"`
	Name  *string `json:"status_name"`
	Since *int64  `json:"status_since"` // Unix seconds
}

type probeTail struct {
	FirstConnected *int64   `json:"first_connected"` // Unix seconds
	TotalUptime    *int64   `json:"total_uptime"`    // seconds
	Tags           []string `json:"tags"`
}

// maxProbeBytes bounds the memory of all probes; those of the real network take some 20 MB.
const maxProbeBytes = 256 << 20

// size returns how many bytes its texts take.
func (p *encodedProbe) size() int {
	return len(p.head) + len(p.status) + len(p.tail) + len(p.listed.Country)
}

func parseProbe(object *atlas.Object) (encodedProbe, error) {
	parsed, err := atlas.ParseProbe(object.Value)
	if err != nil {
		return encodedProbe{}, err
	}
	if err := sameID(int64(parsed.ID), object); err != nil {
		return encodedProbe{}, err
	}
	return writeProbe(&parsed)
}

func writeProbe(p *atlas.Probe) (encodedProbe, error) {
	tags := p.Tags
	if tags == nil {
		tags = []string{}
	}
	written, err := writeMembers(
		probeHead{
			ID: p.ID, Latitude: p.Latitude, Longitude: p.Longitude, CountryCode: orNull(p.CountryCode), ASNv4: p.ASNv4, ASNv6: p.ASNv6,
			PrefixV4: orNull(p.PrefixV4), PrefixV6: orNull(p.PrefixV6), AddressV4: orNull(p.AddressV4), AddressV6: orNull(p.AddressV6),
			Anchor: p.Anchor, Public: p.Public,
		},
		probeStatus{ID: p.StatusID, Name: orNull(p.StatusName), Since: secondsOrNull(p.StatusSince)},
		probeTail{FirstConnected: secondsOrNull(p.FirstConnected), TotalUptime: p.TotalUptime, Tags: tags},
	)
	if err != nil {
		return encodedProbe{}, err
	}
	return encodedProbe{head: written[0], status: written[1], tail: written[2], since: p.StatusSince, listed: listedProbe(p)}, nil
}

// writeMembers returns the encoded members of each part, in one allocation.
func writeMembers(parts ...any) (members [][]byte, err error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it is no HTML
	ends := []int{0}
	for _, part := range parts {
		if err := encoder.Encode(part); err != nil {
			return nil, fmt.Errorf("encoding a probe: %w", err)
		}
		ends = append(ends, text.Len())
	}
	whole := bytes.Clone(text.Bytes())
	for i := range parts {
		object := bytes.TrimSpace(whole[ends[i]:ends[i+1]])
		members = append(members, object[1:len(object)-1])
	}
	return members, nil
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func secondsOrNull(at time.Time) *int64 {
	if at.IsZero() {
		return nil
	}
	seconds := at.Unix()
	return &seconds
}
