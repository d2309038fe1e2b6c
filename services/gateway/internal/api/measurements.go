package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/protocol"
)

const (
	// maxWords and maxWordsLength bound a search.
	maxWords       = 20
	maxWordsLength = 200 // bytes
	// defaultFound and maxFound are how many measurements an answer has by default, and at most.
	defaultFound = 50
	maxFound     = 500
	// searchBatch is how many measurements a search examines at the cost of reading searchCost records.
	searchBatch = 2000
	searchCost  = 500
)

var measurementTypes = []string{"ping", "traceroute", "dns", "sslcert", "http", "ntp", "wifi", "connection"}

// The sources of a measurement.
const (
	sourceRegistry = "registry"
	sourceLog      = "log"
)

type measurementsAnswer struct {
	Measurements []measurementAnswer `json:"measurements"`
	Next         *int64              `json:"next"`
	Quality      string              `json:"quality"`
	Read         readAnswer          `json:"read"`
}

type measurementAnswer struct {
	ID           int64    `json:"id"`
	Type         *string  `json:"type"`
	Description  *string  `json:"description"`
	Target       *string  `json:"target"`
	AF           *int     `json:"af"`
	Interval     *float64 `json:"interval"`
	Participants *int     `json:"participants"`
	Status       *string  `json:"status"`
	Stopped      bool     `json:"stopped"`
	Public       bool     `json:"public"`
	Start        instant  `json:"start"`
	Stop         instant  `json:"stop"`
	Source       string   `json:"source"`
	Rate         *float64 `json:"rate"`
}

// readAnswer says how much of the log was read for an answer.
type readAnswer struct {
	Records int64   `json:"records"`
	Bytes   int64   `json:"bytes"`
	MS      float64 `json:"ms"`
}

func readOf(read answerscan.Read) readAnswer {
	return readAnswer{read.Records, read.Bytes, float64(read.Took.Microseconds()) / float64(time.Millisecond/time.Microsecond)}
}

// Qualities of figures.
const (
	qualityExact   = "exact"
	qualitySampled = "sampled"
)

func describe(m *atlas.Measurement) measurementAnswer {
	return measurementAnswer{
		ID: int64(m.ID), Type: orNull(m.Type), Description: orNull(m.Description), Target: orNull(m.Target), AF: orNull(m.AF),
		Interval: orNull(m.Interval.Seconds()), Participants: orNull(m.Participants), Status: orNull(m.StatusName), Stopped: m.Stopped, Public: m.Public,
		Start: instant(m.Start), Stop: instant(m.Stop), Source: sourceRegistry,
	}
}

// search is a parsed search request.
type search struct {
	catalog.Search
	source string
	after  atlas.MeasurementID
	limit  int
}

func readSearch(r *request) (*search, error) {
	params := r.params
	words := strings.Fields(strings.ToLower(params.values["q"]))
	if len(params.values["q"]) > maxWordsLength || len(words) > maxWords {
		params.fail(invalid("q", params.values["q"], "want at most %d words and %d bytes", maxWords, maxWordsLength))
	}
	status := params.oneOf("status", "running", "stopped")
	search := &search{
		Search: catalog.Search{
			Words: words, Type: params.oneOf("type", measurementTypes...), AF: int(params.number("af", 4, 6, 0)),
			Running: status == "running", Stopped: status == "stopped", NonPublic: r.client.Roles().NonPublic,
		},
		source: params.oneOf("source", sourceRegistry, sourceLog),
		after:  params.measurement("after"),
		limit:  int(params.number("limit", 1, maxFound, defaultFound)),
	}
	if search.AF == 5 {
		params.fail(invalid("af", params.values["af"], "want 4 or 6"))
	}
	return search, params.err
}

func (a *API) serveMeasurements(ctx context.Context, w http.ResponseWriter, r *request) error {
	wanted, err := readSearch(r)
	if err != nil {
		return err
	}
	if !a.settings.Catalog.MeasurementsKnown() {
		return refuseUntilRead()
	}
	look := a.searchRegistry
	if wanted.source == sourceLog {
		if err := a.settings.History.checkRole(r.client.Roles(), "source"); err != nil {
			return err
		}
		look = a.searchLog
	}
	answer, err := look(ctx, r, wanted)
	if err != nil {
		return err
	}
	return r.write(ctx, w, answer)
}

func refuseUntilRead() *protocol.Error {
	return protocol.Errorf(protocol.CodeUnavailable, "this gateway has not read the measurements yet; try again in some seconds")
}

func (a *API) searchRegistry(ctx context.Context, r *request, wanted *search) (*measurementsAnswer, error) {
	answer := &measurementsAnswer{Measurements: []measurementAnswer{}, Quality: qualityExact}
	for after := wanted.after; ; {
		if err := r.client.Reading().Pay(ctx, searchCost); err != nil {
			return nil, err
		}
		found, goesOn := a.settings.Catalog.Search(&wanted.Search, after, searchBatch, wanted.limit-len(answer.Measurements))
		for i := range found {
			answer.Measurements = append(answer.Measurements, describe(&found[i]))
		}
		if goesOn == 0 {
			return answer, nil
		}
		if after = goesOn; len(answer.Measurements) == wanted.limit {
			next := int64(goesOn)
			answer.Next = &next
			return answer, nil
		}
	}
}

func (a *API) searchLog(ctx context.Context, r *request, wanted *search) (*measurementsAnswer, error) {
	found, err := a.sampled.get(ctx, r.client.Reading(), struct{}{}, func() (*logSample, error) { return a.sampleLog(ctx, r.client.Reading()) })
	if err != nil {
		return nil, err
	}
	if err := r.client.Reading().Pay(ctx, searchCost*int64(1+len(found.ids)/searchBatch)); err != nil {
		return nil, err
	}
	answer := &measurementsAnswer{Measurements: []measurementAnswer{}, Quality: qualitySampled, Read: readOf(found.read)}
	begin, _ := slices.BinarySearch(found.ids, wanted.after+1)
	for _, id := range found.ids[begin:] {
		if len(answer.Measurements) == wanted.limit {
			answer.Next = &answer.Measurements[wanted.limit-1].ID
			break
		}
		if one, isWanted := a.describeSampled(id, &wanted.Search); isWanted {
			one.Rate = orNull(found.rates[id])
			answer.Measurements = append(answer.Measurements, one)
		}
	}
	return answer, nil
}

// describeSampled describes a sampled measurement if it matches the search.
func (a *API) describeSampled(id atlas.MeasurementID, wanted *catalog.Search) (answer measurementAnswer, isWanted bool) {
	known, isKnown := a.settings.Catalog.Lookup(id, wanted)
	switch {
	case known != nil:
		return describe(known), true
	case isKnown || a.settings.RefuseUnknown || !wanted.Matches(id):
		return answer, false
	}
	return measurementAnswer{ID: int64(id), Public: true, Source: sourceLog}, true
}
