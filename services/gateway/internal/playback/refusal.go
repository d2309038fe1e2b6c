package playback

import (
	"time"
)

// The codes of what can be wrong with a playback, beside those of a subscription itself. Every refusal is a *protocol.Error.

func moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.999Z") }
