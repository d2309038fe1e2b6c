package api

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/topicrange"
)

const (
	// historyAge is how long past outages are cached.
	historyAge = time.Minute
	// maxHistories is how many such answers are cached, of some hundred kilobytes each.
	maxHistories = 8
	// maxWatched is how many units a request may name.
	maxWatched = 50
	// liveAge is how far back the current outages go.
	liveAge = 24 * time.Hour
)

// outagesQuery says which outages a request wants.
type outagesQuery struct {
	inHistory bool
	interval  topicrange.Interval // zero: the current ones
	watched   []string            // empty: all
}

type intervalKey struct{ from, to int64 } // Unix milliseconds

type outageHistory struct {
	*outagewatch.Answer
	read answerscan.Read
}

func (a *API) serveOutages(ctx context.Context, w http.ResponseWriter, r *request) error {
	query, err := a.readOutages(r)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if endpoint.AcceptsEvents(r.Header.Values("Accept")) && query.interval == (topicrange.Interval{}) {
		return a.followOutages(w, r, query)
	}
	now, err := a.settings.Outages.Current()
	if err != nil {
		return err
	}
	found := &outageHistory{Answer: now}
	if query.inHistory {
		key := intervalKey{query.interval.Start.UnixMilli(), query.interval.End.UnixMilli()}
		if found, err = a.outages.get(ctx, r.client.Reading(), key, func() (*outageHistory, error) { return a.outageHistory(ctx, r, query.interval) }); err != nil {
			return err
		}
	}
	text := query.text(found.Answer, now.SilentSince(time.Now()), found.read)
	if err := r.payForLength(ctx, text.length()); err != nil {
		return err
	}
	r.writeText(w, text...)
	return nil
}

func (a *API) outageHistory(ctx context.Context, r *request, interval topicrange.Interval) (*outageHistory, error) {
	found, read, err := a.settings.Outages.History(ctx, r.client.Reading(), interval.Start, interval.End)
	return &outageHistory{found, read}, err
}

func (a *API) readOutages(r *request) (wanted *outagesQuery, err error) {
	params := r.params
	from, to, at := params.time("from"), params.time("to"), params.time("at")
	wanted = &outagesQuery{watched: params.units("watch")}
	switch {
	case params.err != nil:
		return nil, params.err
	case !at.IsZero() && (!from.IsZero() || !to.IsZero()):
		return nil, protocol.Errorf(protocol.CodeInvalidParameter, "at: came with from or to, want it alone")
	case from.IsZero() && !to.IsZero():
		return nil, protocol.Errorf(protocol.CodeMissingParameter, "from: missing; to is the end of an interval, which has a start")
	case !at.IsZero():
		wanted.inHistory, wanted.interval = time.Since(at) > liveAge, topicrange.Interval{Start: at, End: at}
		if wanted.inHistory {
			err = a.checkPast(r, "at", at)
		}
	case !from.IsZero():
		wanted.inHistory = true
		if wanted.interval, err = a.pastInterval(r, from, to); err == nil && wanted.interval.End.Sub(from) > outagewatch.MaxInterval {
			err = protocol.Errorf(protocol.CodeTooMuch, "from: got %s, want no more than 7 days before the end, %s", formatTime(from), formatTime(wanted.interval.End))
		}
	}
	return wanted, err
}

// checkPast refuses a time that the client may not read.
func (a *API) checkPast(r *request, name string, at time.Time) error {
	if err := a.settings.History.checkRole(r.client.Roles(), name); err != nil {
		return err
	}
	return a.settings.History.checkStart(name, at, time.Now())
}

func (a *API) pastInterval(r *request, from, to time.Time) (interval topicrange.Interval, err error) {
	if err := a.settings.History.checkRole(r.client.Roles(), "from"); err != nil {
		return interval, err
	}
	return a.intervalOf(from, to)
}

// unitName matches the names of units.
var unitName = regexp.MustCompile(`^([A-Z]{2}|AS[1-9][0-9]{0,9})$`)

// units parses names of countries and networks separated by commas.
func (q *queryParams) units(name string) []string {
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

// matching returns the indexes of the wanted outages.
func (q *outagesQuery) matching(found *outagewatch.Answer) (indexes []int) {
	if len(q.watched) > 0 {
		indexes = found.Hitting(q.watched)
	} else {
		for index := range found.Outages {
			indexes = append(indexes, index)
		}
	}
	if q.interval == (topicrange.Interval{}) {
		return indexes
	}
	return slices.DeleteFunc(indexes, func(index int) bool { return !found.Outages[index].WasOn(q.interval.Start, q.interval.End) })
}

// outagesHead has the members before the outages.
type outagesHead struct {
	From        instant `json:"from"`
	To          instant `json:"to"`
	LogOffset   int64   `json:"log_offset"`
	Registry    string  `json:"registry"`
	SilentSince instant `json:"silent_since"`
}

// text returns the answer with the wanted outages as one line of JSON.
func (q *outagesQuery) text(found *outagewatch.Answer, silentSince time.Time, read answerscan.Read) pieces {
	head := outagesHead{instant(found.From), instant(found.To), found.Offset, found.Registry, instant(silentSince)}
	if q.interval != (topicrange.Interval{}) {
		head.From, head.To = instant(q.interval.Start), instant(q.interval.End)
	}
	text := pieces{bytes.TrimSuffix(encode(head), []byte("}\n")), []byte(`,"outages":[`)}
	for i, place := range q.matching(found) {
		if i > 0 {
			text = append(text, []byte(","))
		}
		text = append(text, found.JSON()[place])
	}
	return append(text, []byte(`],"read":`), bytes.TrimSpace(encode(readOf(read))), []byte("}\n"))
}
