package api

import (
	"bytes"
	"time"

	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/topicrange"
)

// outagesHead is what comes before the outages.
type outagesHead struct {
	From        instant `json:"from"`
	To          instant `json:"to"`
	LogOffset   int64   `json:"log_offset"`
	Registry    string  `json:"registry"`
	SilentSince instant `json:"silent_since"`
}

// text is the answer with the outages that are asked for, as one line of JSON.
func (q *outagesQuery) text(found *outagewatch.Answer, silentSince time.Time, read logscan.Read) pieces {
	head := outagesHead{instant(found.From), instant(found.To), found.Offset, found.Registry, instant(silentSince)}
	if q.interval != (topicrange.Interval{}) {
		head.From, head.To = instant(q.interval.Start), instant(q.interval.End)
	}
	text := pieces{bytes.TrimSuffix(encode(head), []byte("}\n")), []byte(`,"outages":[`)}
	for i, place := range q.places(found) {
		if i > 0 {
			text = append(text, []byte(","))
		}
		text = append(text, found.JSON()[place])
	}
	return append(text, []byte(`],"read":`), bytes.TrimSpace(encode(readOf(read))), []byte("}\n"))
}
