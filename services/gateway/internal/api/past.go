package api

import (
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/auth"
)

// Past says who may have the past read.
type Past struct {
	Mode string        // "off", "token" or "open"
	Back time.Duration // how far back; 0: as far as the log goes
}

// check refuses the past to those who may not have it, which a parameter of that name asks for.
func (p Past) check(roles auth.Roles, name string) error {
	switch {
	case p.Mode == "off":
		return protocol.Refuse(protocol.CodeUnservedParameter,
			"%s: this gateway does not read the past; its operator can have it do so with --history token or --history open", name)
	case p.Mode == "token" && !roles.History:
		return protocol.Refuse(protocol.CodeNotAllowed,
			"%s: only clients with a token of the role history may have the past read here, unless its operator sets --history open", name)
	}
	return nil
}

func (p Past) isFor(roles auth.Roles) bool { return p.check(roles, "") == nil }

// earliest is what is the earliest that may be asked for; zero: anything.
func (p Past) earliest(now time.Time) (at time.Time) {
	if p.Back == 0 {
		return at
	}
	return now.Add(-p.Back)
}

// checkStart refuses what lies further back than this gateway goes.
func (p Past) checkStart(name string, start, now time.Time) error {
	if earliest := p.earliest(now); start.Before(earliest) {
		return protocol.Refuse(protocol.CodeBeforeLog, "%s: got %s, want no earlier than %s, as far as this gateway goes back",
			name, start.UTC().Format(time.RFC3339), earliest.Add(time.Second).UTC().Format(time.RFC3339))
	}
	return nil
}
