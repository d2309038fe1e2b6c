package api

import (
	"bytes"
	"net/http"
	"time"

	"atlasstream/services/gateway/internal/outagewatch"
)

const (
	// followEvery is how often a client that follows outages is told what is new, at most: each probe that comes back makes a revision.
	followEvery = 2 * time.Second
	// comeAgain is after how many milliseconds such a client comes again.
	comeAgain = 5000
)

// followOutages tells the outages of now and then each revision, until the client has gone, the API stops or the log is read anew.
func (a *API) followOutages(w http.ResponseWriter, r *request, asked *outagesQuery) error {
	now, err := a.settings.Outages.Now()
	if err != nil {
		return err
	}
	answer, is := w.(*answering)
	if !is {
		return http.ErrNotSupported
	}
	stream, told := beginEvents(answer, a.settings.WriteTimeout), &toldOutages{asked: asked}
	if r.Method == http.MethodHead {
		return nil
	}
	text := retry(comeAgain)
	pause := time.NewTicker(followEvery)
	defer pause.Stop()
	for err == nil {
		text = append(text, told.news(now, time.Now())...)
		if r.payFor(r.Context(), text) != nil || stream.write(text) != nil {
			return nil // the client has gone
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-pause.C:
		}
		text = nil
		now, err = a.settings.Outages.Now()
	}
	return nil // the client comes again, and is told why then
}

// toldOutages is what a client was told.
type toldOutages struct {
	asked     *outagesQuery
	last      *outagewatch.Answer
	silent    time.Time
	revisions map[int64]int64 // by outage
}

// news is what is new: all outages where they are not the former ones with revisions.
func (t *toldOutages) news(now *outagewatch.Answer, at time.Time) []byte {
	silent := now.SilentSince(at)
	isOther := t.last == nil || !now.Continues(t.last) || !t.silent.Equal(silent)
	if now == t.last && !isOther {
		return nil
	}
	t.last, t.silent = now, silent
	var text bytes.Buffer
	if isOther {
		answer := t.asked.answer(now)
		answer.SilentSince = instant(silent)
		text.Write(event("outages", bytes.TrimSpace(encode(answer))))
	}
	revisions := make(map[int64]int64, len(now.Outages))
	for i, one := range now.JSON() {
		o := &now.Outages[i]
		if !t.asked.wants(o) {
			continue
		}
		if former, known := t.revisions[o.ID]; !isOther && (!known || former != o.Revision) {
			text.Write(event("outage", one))
		}
		revisions[o.ID] = o.Revision
	}
	t.revisions = revisions
	return text.Bytes()
}
