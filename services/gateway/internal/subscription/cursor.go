package subscription

import (
	"strings"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// MaxCursor bounds what is read as a cursor, in bytes.
const MaxCursor = 8192

// Cursor is what a subscription says of cursors.
type Cursor struct {
	Wanted bool   // messages carry cursors
	After  string // the cursor of the message behind which to go on; empty for none
	OrAnew bool   // where that is gone, the subscription begins anew: its client comes back by itself, and would not otherwise
}

func (p *parser) readCursor(name string, value gjson.Result) error {
	if value.Type != gjson.String || len(value.String()) > MaxCursor {
		return invalid(name, value, `want "" to be given cursors, or a string that was given as one, of at most %d bytes`, MaxCursor)
	}
	p.subscription.Cursor = Cursor{Wanted: true, After: strings.Clone(value.String())}
	return nil
}

// finishCursor drops the backlog where a cursor tells from where to go on, so that a client may always ask for both.
func (p *parser) finishCursor() {
	if p.subscription.Cursor.After != "" {
		p.subscription.Backlog = false
	}
}

// WithoutCursor gives the parameters of a subscription that wants cursors as if it had begun without one, in their order and without the space between them.
func WithoutCursor(parameters []byte) []byte {
	object := make([]byte, 0, len(parameters)+len(`{"cursor":""}`))
	object = append(object, '{')
	gjson.ParseBytes(parameters).ForEach(func(name, value gjson.Result) bool {
		if fold(name.String()) != "cursor" {
			object = append(append(append(append(object, name.Raw...), ':'), value.Raw...), ',')
		}
		return true
	})
	return append(object, `"cursor":""}`...)
}

// GoOnAfter has the subscription of a client that comes back by itself go on behind a message, whatever its parameters say of cursors; with an empty cursor
// they are only wanted. Where it must begin anew, it does so as the parameters say. Metadata have no cursors.
func (s *Subscription) GoOnAfter(cursor string) {
	if s.Stream == atlas.StreamMetadata {
		return
	}
	s.Cursor.Wanted = true
	if cursor != "" {
		s.Cursor.After, s.Cursor.OrAnew = cursor, true
	}
}
