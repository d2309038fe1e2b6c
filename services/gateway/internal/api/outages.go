package api

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/topicrange"
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

// outagesQuery says which outages are asked for.
type outagesQuery struct {
	past     bool
	interval topicrange.Interval // zero: those of now
	watched  []string            // all where there are none
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
	if endpoint.AcceptsEvents(r.Header.Values("Accept")) && asked.interval == (topicrange.Interval{}) {
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
	text := asked.text(found.Answer, now.SilentSince(time.Now()), found.read)
	if err := r.payForLength(ctx, text.length()); err != nil {
		return err
	}
	r.writeText(w, text...)
	return nil
}

func (a *API) outagesOf(ctx context.Context, r *request, interval topicrange.Interval) (*pastOutages, error) {
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
		return nil, protocol.Refuse(protocol.CodeInvalidParameter, "at: came with from or to, want it alone")
	case from.IsZero() && !to.IsZero():
		return nil, protocol.Refuse(protocol.CodeMissingParameter, "from: missing; to is the end of an interval, which has a start")
	case !at.IsZero():
		wanted.past, wanted.interval = time.Since(at) > liveAge, topicrange.Interval{Start: at, End: at}
		if wanted.past {
			err = a.checkPast(r, "at", at)
		}
	case !from.IsZero():
		wanted.past = true
		if wanted.interval, err = a.pastInterval(r, from, to); err == nil && wanted.interval.End.Sub(from) > outagewatch.MaxPast {
			err = protocol.Refuse(protocol.CodeTooMuch, "from: got %s, want no more than 7 days before the end, %s", moment(from), moment(wanted.interval.End))
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

func (a *API) pastInterval(r *request, from, to time.Time) (interval topicrange.Interval, err error) {
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

// places are those of the outages that are asked for.
func (q *outagesQuery) places(found *outagewatch.Answer) (places []int) {
	if len(q.watched) > 0 {
		places = found.Hitting(q.watched)
	} else {
		for place := range found.Outages {
			places = append(places, place)
		}
	}
	if q.interval == (topicrange.Interval{}) {
		return places
	}
	return slices.DeleteFunc(places, func(place int) bool { return !found.Outages[place].WasOn(q.interval.Start, q.interval.End) })
}
