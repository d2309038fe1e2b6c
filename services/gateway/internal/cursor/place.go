package cursor

import (
	"time"

	"atlasstream/pkg/atlas"
)

// Source is where records come from: a partition of a live topic, or a replay. Sources are compared as pointers.
type Source interface {
	// Delivered is the last record that has been delivered live; an offset of -1 says that none has.
	Delivered() Live
	// IsReplay tells whether it is a replay.
	IsReplay() bool
}

// Place is where a client is: behind a record of a source.
type Place struct {
	Source Source
	Stream atlas.Stream
	Checkpoint
}

// Token is what a cursor of the place stands for.
func (p *Place) Token() Token { return At(p.Checkpoint, time.Now()) }
