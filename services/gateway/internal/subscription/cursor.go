package subscription

import (
	"strings"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// Cursor is what a subscription says about cursors.
type Cursor struct {
	Wanted    bool   // messages carry cursors
	OrRestart bool   // if After is gone, the subscription starts as if without it: its client reconnects by itself, and could not ask again
	After     string // the cursor of the message after which to continue; empty for none
}

func (p *parser) readCursor(name string, value gjson.Result) error {
	if value.Type != gjson.String || len(value.String()) > cursor.MaxLength {
		return invalid(name, value, `want "" to receive cursors, or a cursor that was received, of at most %d bytes`, cursor.MaxLength)
	}
	p.subscription.Cursor = Cursor{Wanted: true, After: strings.Clone(value.String())}
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
		s.Cursor.After, s.Cursor.OrRestart = text, true
	}
}

// Resume is ResumeAfter for a checkpoint that the parameters do not have.
func (s *Subscription) Resume() { s.Cursor = Cursor{Wanted: true, OrRestart: true} }
