package api

import (
	"context"
	"net/http"
	"time"

	"atlasstream/pkg/jitter"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/outagewatch"
)

const (
	// updateInterval is the least time between updates: each probe that reconnects makes a revision.
	updateInterval = 2 * time.Second
	// reconnectDelay is around when a client reconnects whose stream ends.
	reconnectDelay = 5 * time.Second
)

// followOutages sends the current outages and then each revision, until the client is gone, the API stops or the log is read again from the start.
func (a *API) followOutages(w http.ResponseWriter, r *request, query *outagesQuery) error {
	now, err := a.settings.Outages.Current()
	if err != nil {
		return err
	}
	answer, is := w.(*responseWriter)
	if !is {
		return http.ErrNotSupported
	}
	ctx, end := context.WithCancel(r.Context())
	defer end()
	stream, updates := newEventStream(answer, a.settings.WriteTimeout, end), &outageUpdates{query: query}
	if a.streams.Reserve(stream) != nil {
		return refuseWhenStopping()
	}
	defer a.streams.Remove(stream)
	a.streams.Open(stream, stream) // Shutdown ends it by its context
	if r.Method == http.MethodHead {
		return nil
	}
	text := pieces{retryField(jitter.Around(reconnectDelay))}
	pause := time.NewTicker(updateInterval)
	defer pause.Stop()
	for err == nil {
		text = append(text, updates.next(now, time.Now())...)
		if r.payForLength(ctx, text.length()) != nil || stream.writeAll(text) != nil {
			return nil // the client is gone
		}
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		text = nil
		now, err = a.settings.Outages.Current()
	}
	return nil // the client reconnects, and gets the error then
}

// outageUpdates has what a client was sent.
type outageUpdates struct {
	query       *outagesQuery
	last        *outagewatch.Answer
	silentSince time.Time
	revisions   map[int64]int64 // by outage
}

// next returns what is new: the revisions, or all outages if they are not a continuation.
func (t *outageUpdates) next(now *outagewatch.Answer, at time.Time) (text pieces) {
	silent := now.SilentSince(at)
	isNew := t.last == nil || !now.Continues(t.last) || !t.silentSince.Equal(silent)
	if now == t.last && !isNew {
		return nil
	}
	t.last, t.silentSince = now, silent
	if isNew {
		text = append(append(text, eventHeader("outages")), t.query.text(now, silent, answerscan.Read{})...)
		text = append(text, []byte("\n")) // the answer is a line
	}
	revisions := make(map[int64]int64, len(t.revisions))
	for _, index := range t.query.matching(now) {
		o := &now.Outages[index]
		if former, known := t.revisions[o.ID]; !isNew && (!known || former != o.Revision) {
			text = append(text, eventHeader("outage"), now.JSON()[index], []byte("\n\n"))
		}
		revisions[o.ID] = o.Revision
	}
	t.revisions = revisions
	return text
}
