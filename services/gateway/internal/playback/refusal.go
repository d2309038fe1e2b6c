package playback

import (
	"time"

	"atlasstream/services/gateway/internal/subscription"
)

// The codes of what can be wrong with a playback, beside those of a subscription itself. Every refusal is a *subscription.Error.
const (
	CodeBeforeLog subscription.Code = "before_log" // the start lies before all that the log has
	CodeTooFast   subscription.Code = "too_fast"   // the speed is above the limit, which the words name
	CodeCursor    subscription.Code = "bad_cursor" // a cursor that is damaged, or of something else
	CodeTooMuch   subscription.Code = "too_much"   // more topics than one playback reads
)

func moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.999Z") }
