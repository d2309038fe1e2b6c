package api

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

type measurementInLogAnswer struct {
	ID          int64              `json:"id"`
	Measurement *measurementAnswer `json:"measurement"`
	Object      json.RawMessage    `json:"object"`
	Parts       []partAnswer       `json:"parts"`
	First       instant            `json:"first"`
	Last        instant            `json:"last"`
	Complete    bool               `json:"complete"`
	Interval    *intervalAnswer    `json:"interval"`
	Speed       *speedAnswer       `json:"speed"`
	Read        readAnswer         `json:"read"`
}

type partAnswer struct {
	Topic   string  `json:"topic"`
	Ordered bool    `json:"ordered"`
	From    instant `json:"from"`
	To      instant `json:"to"`
	Records int64   `json:"records"`
}

type intervalAnswer struct {
	From instant `json:"from"`
	To   instant `json:"to"`
}

type speedAnswer struct {
	Limit *float64 `json:"limit"`
	By    *string  `json:"by"`
}

func (a *API) serveMeasurement(ctx context.Context, w http.ResponseWriter, r *request) error {
	id, err := readMeasurementID(r.PathValue("id"))
	if err != nil {
		return err
	}
	known, isKnown, err := a.visible("id", id, r.client.Roles())
	if err != nil {
		return err
	}
	interval, err := a.readInterval(r, &known)
	if err != nil {
		return err
	}
	answer := &measurementInLogAnswer{ID: int64(id)}
	if isKnown {
		one := describe(&known)
		answer.Measurement = &one
	}
	account := r.client.Reading()
	if answer.Object, err = a.object(ctx, account, id, r.client.Roles()); err != nil {
		return err
	}
	if a.settings.History.allows(r.client.Roles()) {
		if err := a.addLog(ctx, account, answer, interval); err != nil {
			return err
		}
	}
	return r.write(ctx, w, answer)
}

func readMeasurementID(text string) (atlas.MeasurementID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id > atlas.MaxID {
		return 0, invalid("id", text, "want a whole number from 1 to %d", int64(atlas.MaxID))
	}
	return atlas.MeasurementID(id), nil
}

// visible returns what is known of the measurement that a parameter names. It refuses a measurement that the client may not see with the same words as an
// unknown one. RIPE's measurement of connections always exists.
func (a *API) visible(name string, id atlas.MeasurementID, roles auth.Roles) (known atlas.Measurement, isKnown bool, err error) {
	if !a.settings.Catalog.MeasurementsKnown() {
		return known, false, refuseUntilRead()
	}
	known, isKnown = a.settings.Catalog.Measurement(id)
	hidden := isKnown && !known.Public && !roles.NonPublic || !isKnown && a.settings.RefuseUnknown
	if hidden && id != atlas.ConnectionMeasurement {
		return known, false, refuseUnknown(name, id)
	}
	return known, isKnown, nil
}

func refuseUnknown(name string, id atlas.MeasurementID) *protocol.Error {
	return protocol.Errorf(protocol.CodeUnknownMeasurement, "%s: got %d, want a measurement that this service knows", name, id)
}

// readInterval returns the zero interval if the request has none.
func (a *API) readInterval(r *request, known *atlas.Measurement) (interval topicrange.Interval, err error) {
	from, to := r.params.time("from"), r.params.time("to")
	switch {
	case r.params.err != nil:
		return interval, r.params.err
	case !from.IsZero():
		if err := a.settings.History.checkRole(r.client.Roles(), "from"); err != nil {
			return interval, err
		}
		if to.IsZero() && known.Stopped {
			to = known.Stop
		}
		return a.intervalOf(from, to)
	case !to.IsZero():
		return interval, protocol.Errorf(protocol.CodeMissingParameter, "from: missing; to is the end of an interval, which has a start")
	}
	return interval, nil
}

// intervalOf makes an interval, which is in the past and includes both ends. A zero end means now.
func (a *API) intervalOf(from, to time.Time) (interval topicrange.Interval, err error) {
	now := time.Now()
	if to.IsZero() || to.After(now) {
		to = now
	}
	if to = to.Truncate(time.Millisecond); from.After(to) {
		return interval, protocol.Errorf(protocol.CodeInvalidParameter,
			"from: got %s, want no later than %s, when the interval ends", formatTime(from), formatTime(to))
	}
	return topicrange.Interval{Start: from, End: to}, a.settings.History.checkStart("from", from, now)
}

func formatTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.999Z") }

// object returns the measurement's object in the log; nil if there is none. If the topic was recreated, its position may have another object, which no client
// gets.
func (a *API) object(ctx context.Context, account *readlimit.Account, id atlas.MeasurementID, roles auth.Roles) (json.RawMessage, error) {
	position, known := a.settings.Catalog.MeasurementPosition(id)
	if !known {
		return nil, nil
	}
	if err := account.Pay(ctx, readlimit.LookUpCost); err != nil {
		return nil, err
	}
	object, err := a.settings.Log.Measurement(ctx, position)
	if err != nil || len(object) == 0 {
		return nil, err
	}
	parsed, err := atlas.ParseMeasurement(object)
	if err != nil { // an unreadable object is known by its ID only
		return nil, nil //nolint:nilerr // the request is correct
	}
	if parsed.ID != id || !parsed.Public && !roles.NonPublic && id != atlas.ConnectionMeasurement {
		return nil, refuseUnknown("id", id)
	}
	return object, nil
}

// addLog adds what the log has of the measurement, and how fast the interval may be replayed.
func (a *API) addLog(ctx context.Context, account *readlimit.Account, answer *measurementInLogAnswer, interval topicrange.Interval) error {
	id := atlas.MeasurementID(answer.ID)
	parts, err := a.settings.Ranges.Partitions(ctx, queryOf(id, account))
	if err != nil {
		return err
	}
	ends, err := a.findEnds(ctx, account, id, parts)
	if err != nil {
		return err
	}
	for _, part := range ends.parts {
		answer.Parts = append(answer.Parts, partAnswer{part.Topic, part.Live, instant(part.from), instant(part.to), part.Next - part.First})
	}
	first, last, complete := ends.overall()
	answer.First, answer.Last, answer.Complete, answer.Read = instant(first), instant(last), complete, readOf(ends.scan.Read())
	if interval == (topicrange.Interval{}) {
		return nil
	}
	answer.Interval = &intervalAnswer{instant(interval.Start), instant(interval.End)}
	answer.Speed, err = a.speed(ctx, account, id, interval)
	return err
}

// streamOf returns the stream of a measurement's records.
func streamOf(id atlas.MeasurementID) atlas.Stream {
	if id == atlas.ConnectionMeasurement {
		return atlas.StreamProbeStatus
	}
	return atlas.StreamResult
}

func queryOf(id atlas.MeasurementID, account *readlimit.Account) topicrange.Query {
	return topicrange.Query{Stream: streamOf(id), Measurement: id, Account: account}
}

func (a *API) speed(ctx context.Context, account *readlimit.Account, id atlas.MeasurementID, interval topicrange.Interval) (*speedAnswer, error) {
	limit, byResults, err := a.settings.Speeds.OfInterval(ctx, queryOf(id, account), interval)
	if err != nil || math.IsInf(limit, 1) {
		return &speedAnswer{}, err
	}
	by := "records"
	if byResults {
		by = "results"
	}
	return &speedAnswer{&limit, &by}, nil
}
