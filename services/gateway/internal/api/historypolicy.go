package api

import (
	"time"

	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/protocol"
)

// HistoryPolicy says who may read history, and how far back.
type HistoryPolicy struct {
	Mode   string        // "off", "token" or "open"
	MaxAge time.Duration // how far back; 0: as far as the log goes
}

// checkRole refuses history to clients without the right to it. The name is that of the parameter that asks for history.
func (p HistoryPolicy) checkRole(roles auth.Roles, name string) error {
	switch {
	case p.Mode == "off":
		return protocol.Errorf(protocol.CodeUnservedParameter,
			"%s: this gateway does not read the past; its operator can have it do so with --history token or --history open", name)
	case p.Mode == "token" && !roles.History:
		return protocol.Errorf(protocol.CodeNotAllowed,
			"%s: only clients with a token of the role history may have the past read here, unless its operator sets --history open", name)
	}
	return nil
}

func (p HistoryPolicy) allows(roles auth.Roles) bool { return p.checkRole(roles, "") == nil }

// earliest returns the earliest time that a request may name; zero: no limit.
func (p HistoryPolicy) earliest(now time.Time) (at time.Time) {
	if p.MaxAge == 0 {
		return at
	}
	return now.Add(-p.MaxAge)
}

// checkStart refuses a time before the earliest.
func (p HistoryPolicy) checkStart(name string, start, now time.Time) error {
	if earliest := p.earliest(now); start.Before(earliest) {
		return protocol.Errorf(protocol.CodeBeforeLog, "%s: got %s, want no earlier than %s, as far as this gateway goes back",
			name, start.UTC().Format(time.RFC3339), earliest.Add(time.Second).UTC().Format(time.RFC3339))
	}
	return nil
}
