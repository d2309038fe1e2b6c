package delivery

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// Source is where the records of a target come from: a partition of a live topic, or a replay. Sources are compared as pointers.
type Source interface {
	// PlaceBefore is where a client is before the first record of a subscription that begins with what comes from an offset on.
	PlaceBefore(joining *Active, next int64) Place
	// Delivered is the last record that has been delivered live; an offset of -1 says that none has.
	Delivered() cursor.Live
	// IsReplay tells whether it is a replay.
	IsReplay() bool
	// Confirm confirms a subscription once more, with other words for its parameters, unless it has ended, in which case it returns false. Errors: those of
	// Client.EnqueueControl.
	Confirm(present *Active, parameters []byte) (stays bool, err error)
	// End ends a subscription, and sends its last message after everything that it brought, if any: no record comes after that. It returns false if the
	// subscription has ended already. Errors: those of Client.EnqueueControl.
	End(leaving *Active, last func() error) (ended bool, err error)
	// RecountCursors has a client's networks charged for its own cursors as they are now.
	RecountCursors(recipient *Recipient)
}

// Place is where a client is: behind a record of a source.
type Place struct {
	Source Source
	Stream atlas.Stream
	cursor.Checkpoint
}

// Token is what a cursor of the place stands for.
func (p *Place) Token() cursor.Token { return cursor.At(p.Checkpoint, time.Now()) }
