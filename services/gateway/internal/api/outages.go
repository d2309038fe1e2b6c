package api

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/subscription"
)

const (
	// pastAge is for how long outages of the past answer others who ask for the same.
	pastAge = time.Minute
	// maxPasts is how many such answers are remembered, of some hundred kilobytes each.
	maxPasts = 8
	// maxWatched is how many units may be watched.
	maxWatched = 50
	// liveAge is of which time the outages of now are.
	liveAge = 24 * time.Hour
)

type outagesAnswer struct {
	From        instant           `json:"from"`
	To          instant           `json:"to"`
	LogOffset   int64             `json:"log_offset"`
	Registry    string            `json:"registry"`
	SilentSince instant           `json:"silent_since"`
	Outages     []json.RawMessage `json:"outages"`
	Read        readAnswer        `json:"read"`
}

// outagesQuery says which outages are asked for.
type outagesQuery struct {
	past     bool
	interval playback.Interval // zero: those of now
	watched  []string          // all where there are none
}

type pastKey struct{ from, to int64 } // Unix milliseconds

type pastOutages struct {
	*outagewatch.Answer
	read logscan.Read
}

func (a *API) serveOutages(ctx context.Context, w http.ResponseWriter, r *request) error {
	asked, err := a.readOutages(r)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if acceptsEvents(r.Header.Values("Accept")) && asked.interval == (playback.Interval{}) {
		return a.followOutages(w, r, asked)
	}
	now, err := a.settings.Outages.Now()
	if err != nil {
		return err
	}
	found := &pastOutages{Answer: now}
	if asked.past {
		key := pastKey{asked.interval.Start.UnixMilli(), asked.interval.End.UnixMilli()}
		if found, err = a.outages.get(ctx, r.visit.Reading(), key, func() (*pastOutages, error) { return a.outagesOf(ctx, r, asked.interval) }); err != nil {
			return err
		}
	}
	answer := asked.answer(found.Answer)
	answer.SilentSince, answer.Read = instant(now.SilentSince(time.Now())), readOf(found.read)
	return r.write(ctx, w, answer)
}

func (a *API) outagesOf(ctx context.Context, r *request, interval playback.Interval) (*pastOutages, error) {
	found, read, err := a.settings.Outages.Past(ctx, r.visit.Reading(), interval.Start, interval.End)
	return &pastOutages{found, read}, err
}

func (a *API) readOutages(r *request) (wanted *outagesQuery, err error) {
	asked := r.asked
	from, to, at := asked.time("from"), asked.time("to"), asked.time("at")
	wanted = &outagesQuery{watched: asked.units("watch")}
	switch {
	case asked.err != nil:
		return nil, asked.err
	case !at.IsZero() && (!from.IsZero() || !to.IsZero()):
		return nil, subscription.Refuse(subscription.CodeInvalid, "at: came with from or to, want it alone")
	case from.IsZero() && !to.IsZero():
		return nil, subscription.Refuse(subscription.CodeMissing, "from: missing; to is the end of an interval, which has a start")
	case !at.IsZero():
		wanted.past, wanted.interval = time.Since(at) > liveAge, playback.Interval{Start: at, End: at}
		if wanted.past {
			err = a.checkPast(r, "at", at)
		}
	case !from.IsZero():
		wanted.past = true
		if wanted.interval, err = a.pastInterval(r, from, to); err == nil && wanted.interval.End.Sub(from) > outagewatch.MaxPast {
			err = subscription.Refuse(codeTooMuch, "from: got %s, want no more than 7 days before the end, %s", moment(from), moment(wanted.interval.End))
		}
	}
	return wanted, err
}

// checkPast refuses a time of the past to those who may not have it.
func (a *API) checkPast(r *request, name string, at time.Time) error {
	if err := a.settings.Past.check(r.visit.Roles(), name); err != nil {
		return err
	}
	return a.settings.Past.checkStart(name, at, time.Now())
}

func (a *API) pastInterval(r *request, from, to time.Time) (interval playback.Interval, err error) {
	if err := a.settings.Past.check(r.visit.Roles(), "from"); err != nil {
		return interval, err
	}
	return a.intervalOf(from, to)
}

// unitName is how units are named that may be watched.
var unitName = regexp.MustCompile(`^([A-Z]{2}|AS[1-9][0-9]{0,9})$`)

// units gives the names of countries and networks with commas between them.
func (q *query) units(name string) []string {
	text, given := q.values[name]
	if !given {
		return nil
	}
	names := strings.Split(text, ",")
	if len(names) > maxWatched || slices.ContainsFunc(names, func(one string) bool { return !unitName.MatchString(one) }) {
		q.fail(invalid(name, text, "want up to %d countries (NL) and networks (AS3320) with commas between them", maxWatched))
	}
	return names
}

// wants tells whether an outage is asked for.
func (q *outagesQuery) wants(o *outage.Outage) bool {
	if q.interval != (playback.Interval{}) && !o.WasOn(q.interval.Start, q.interval.End) {
		return false
	}
	if len(q.watched) == 0 {
		return true
	}
	isWatched := func(name string) bool { return slices.Contains(q.watched, name) }
	return slices.ContainsFunc(o.Countries, func(s outage.Share) bool { return isWatched(s.Name) }) ||
		slices.ContainsFunc(o.Networks, func(s outage.Share) bool { return isWatched(s.Name) })
}

func (q *outagesQuery) answer(found *outagewatch.Answer) *outagesAnswer {
	answer := &outagesAnswer{
		From: instant(found.From), To: instant(found.To), LogOffset: found.Offset, Registry: found.Registry, Outages: []json.RawMessage{},
	}
	if q.interval != (playback.Interval{}) {
		answer.From, answer.To = instant(q.interval.Start), instant(q.interval.End)
	}
	for i, text := range found.JSON() {
		if q.wants(&found.Outages[i]) {
			answer.Outages = append(answer.Outages, text)
		}
	}
	return answer
}
