package subscription

import (
	"strings"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/parameter"
)

// Cursor is what a subscription says about cursors.
type Cursor struct {
	Wanted      bool   // messages carry cursors
	OrStartOver bool   // if After is gone, the subscription starts as if without it: its client reconnects by itself, and could not ask again
	After       string // the cursor of the message after which to continue; empty for none
}

func (p *parser) readCursor(value parameter.Value) error {
	if !value.IsText() || len(value.Str) > cursor.MaxLength {
		return value.Invalid(`want "" to receive cursors, or a cursor that was received, of at most %d bytes`, cursor.MaxLength)
	}
	p.subscription.Cursor = Cursor{Wanted: true, After: strings.Clone(value.Str)}
	return nil
}

// readSince takes the time since when what came into the log comes first.
func (p *parser) readSince(value parameter.Value) error {
	since, err := value.Time()
	p.subscription.CameSince = &since
	return err
}

// finishSince refuses a second place to begin at.
func (p *parser) finishSince() error {
	since, given := p.seen["since"]
	if !given {
		return nil
	}
	if came, given := p.seen["starttime"]; given {
		return parameter.Refuse("%s: given, want none with %s: a replay begins there", since, came)
	}
	if p.subscription.Backlog {
		return parameter.Refuse("%s: given, want none with %s, which says when to begin as well", since, p.seen["sendbacklog"])
	}
	if p.subscription.Cursor.After != "" {
		return parameter.Refuse(`%s: given, want none with a %s, which says where to begin; "" goes with it`, since, p.seen["cursor"])
	}
	return nil
}

// finishCursor drops the backlog if a cursor says from where to continue, so that a client may always ask for both.
func (p *parser) finishCursor() {
	if p.subscription.Cursor.After != "" {
		p.subscription.Backlog = false
	}
}

// ResumeAfter has the subscription of a client that reconnects by itself continue after a message, whatever its parameters say about cursors; with an empty
// text, messages only carry cursors. Metadata have none.
func (s *Subscription) ResumeAfter(text string) {
	if s.Stream == atlas.StreamMetadata {
		return
	}
	s.Cursor.Wanted = true
	if text != "" {
		s.Cursor.After, s.Cursor.OrStartOver = text, true
	}
}

// Resume is ResumeAfter for a checkpoint that the parameters do not have.
func (s *Subscription) Resume() { s.Cursor = Cursor{Wanted: true, OrStartOver: true} }

// WithoutCursor gives the parameters of a subscription with cursors as if it had begun without one, in their order and without the space between them.
func WithoutCursor(parameters []byte) []byte {
	object := make([]byte, 0, len(parameters)+len(`{"cursor":""}`))
	object = append(object, '{')
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		if parameter.Fold(name.String()) != "cursor" {
			object = append(append(append(append(object, name.Raw...), ':'), value.Raw...), ',')
		}
		return true
	})
	return append(object, `"cursor":""}`...)
}
