package api

import (
	"net/http"
	"time"

	"atlasstream/services/gateway/internal/logscan"
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
	text := pieces{retry(comeAgain)}
	pause := time.NewTicker(followEvery)
	defer pause.Stop()
	for err == nil {
		text = append(text, told.news(now, time.Now())...)
		if r.payForLength(r.Context(), text.length()) != nil || stream.writeAll(text) != nil {
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
func (t *toldOutages) news(now *outagewatch.Answer, at time.Time) (text pieces) {
	silent := now.SilentSince(at)
	isOther := t.last == nil || !now.Continues(t.last) || !t.silent.Equal(silent)
	if now == t.last && !isOther {
		return nil
	}
	t.last, t.silent = now, silent
	if isOther {
		text = append(append(text, beginEvent("outages")), t.asked.text(now, silent, logscan.Read{})...)
		text = append(text, []byte("\n")) // the answer is a line
	}
	revisions := make(map[int64]int64, len(t.revisions))
	for _, place := range t.asked.places(now) {
		o := &now.Outages[place]
		if former, known := t.revisions[o.ID]; !isOther && (!known || former != o.Revision) {
			text = append(text, beginEvent("outage"), now.JSON()[place], []byte("\n\n"))
		}
		revisions[o.ID] = o.Revision
	}
	t.revisions = revisions
	return text
}
