package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	minStep, maxStep = 60, 21_600 // seconds
	// maxCountries is how many countries a request may name.
	maxCountries = 20
	// minStepOfAll is the least step for all countries.
	minStepOfAll = 600
	allCountries = "all"
)

type connectionsAnswer struct {
	From      int64                    `json:"from"`
	To        int64                    `json:"to"`
	Step      int64                    `json:"step"`
	AsOf      int64                    `json:"as_of"`
	World     seriesAnswer             `json:"world"`
	Countries map[string]*seriesAnswer `json:"countries"`
}

type seriesAnswer struct {
	Connected   []*int64 `json:"connected"`
	Connects    []*int64 `json:"connects"`
	Disconnects []*int64 `json:"disconnects"`
}

func (a *API) serveConnections(ctx context.Context, w http.ResponseWriter, r *request) error {
	question, err := readConnections(r.params)
	if err != nil {
		return err
	}
	if !a.settings.Activity.IsKnown() {
		return protocol.Errorf(protocol.CodeUnavailable, "this gateway has not read the connection events of the last day yet; try again in some seconds")
	}
	if err := r.client.Reading().Pay(ctx, a.costOfConnections(question)); err != nil {
		return err
	}
	text, err := a.countConnections(ctx, r.client.Reading(), question)
	if err != nil {
		return err
	}
	r.writeText(w, text)
	return nil
}

// countConnections computes one answer at a time; addresses take turns.
func (a *API) countConnections(ctx context.Context, account *readlimit.Account, question *probeactivity.Query) (text []byte, err error) {
	release, err := a.connectionsPool.Acquire(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", answerscan.ErrBusy, err)
	}
	defer release()
	probes := a.settings.Catalog.Probes()
	question.Probes = make([]probeactivity.Probe, len(probes))
	for i := range probes {
		question.Probes[i] = countedProbe(&probes[i])
	}
	question.Now = time.Now()
	return encode(connectionsOf(a.settings.Activity.Count(*question), question.Step)), nil
}

// bytesPerFigure is the approximate length of a figure, which is 0 in most countries.
const bytesPerFigure = 3

// costOfConnections returns what an answer costs, in records. It is paid in advance, so that a client that waits until it can pay holds no memory.
func (a *API) costOfConnections(question *probeactivity.Query) int64 {
	_, _, probes := a.settings.Catalog.Count()
	series := 1 + len(question.Countries)
	if question.All {
		series = probeactivity.MaxCountries
	}
	figures := 3 * series * int(probeactivity.Length/question.Step)
	return int64(a.settings.Activity.Events()+probes) + costOfBytes(figures*bytesPerFigure)
}

func readConnections(params *queryParams) (*probeactivity.Query, error) {
	step := params.number("step", minStep, maxStep, minStep)
	if params.err == nil && (step%minStep != 0 || int64(probeactivity.Length/time.Second)%step != 0) {
		params.fail(invalid("step", params.values["step"], "want a multiple of %d that divides a day", minStep))
	}
	question := &probeactivity.Query{Step: time.Duration(step) * time.Second}
	text, given := params.values["country"]
	switch {
	case !given:
	case text == allCountries && step < minStepOfAll:
		params.fail(invalid("country", text, "want up to %d countries, or a step of at least %d", maxCountries, minStepOfAll))
	case text == allCountries:
		question.All = true
	default:
		question.Countries = params.countries("country")
	}
	return question, params.err
}

// countries parses country codes separated by commas.
func (q *queryParams) countries(name string) []string {
	text := q.values[name]
	codes := strings.Split(text, ",")
	if len(codes) > maxCountries || slices.ContainsFunc(codes, func(code string) bool { return len(code) != 2 || !unitName.MatchString(code) }) {
		q.fail(invalid(name, text, "want up to %d countries (NL) with commas between them, or %s", maxCountries, allCountries))
	}
	return codes
}

// countedProbe returns what the catalog has of a probe; since when, only if no event has it.
func countedProbe(probe *catalog.ListedProbe) probeactivity.Probe {
	counted := probeactivity.Probe{ID: probe.ID, Country: probe.Country, Connected: probe.IsConnected()}
	isDisconnected := probe.Status != nil && *probe.Status == atlas.ProbeDisconnected
	if !probe.FromEvent && (counted.Connected || isDisconnected) {
		counted.Since = probe.Since
	}
	return counted
}

func connectionsOf(counts *probeactivity.Counts, step time.Duration) *connectionsAnswer {
	answer := &connectionsAnswer{
		From: counts.From.Unix(), To: counts.To.Unix(), Step: int64(step / time.Second), AsOf: counts.Offset,
		World: *seriesOf(counts.World, counts.Known), Countries: make(map[string]*seriesAnswer, len(counts.Countries)),
	}
	for country, series := range counts.Countries {
		answer.Countries[country] = seriesOf(series, counts.Known)
	}
	return answer
}

func seriesOf(series *probeactivity.Series, known []bool) *seriesAnswer {
	return &seriesAnswer{orUnknown(series.Connected, known), orUnknown(series.Connects, known), orUnknown(series.Disconnects, known)}
}

// orUnknown returns nil for unknown figures.
func orUnknown(figures []int64, known []bool) []*int64 {
	all := make([]*int64, len(figures))
	for i := range figures {
		if known[i] {
			all[i] = &figures[i]
		}
	}
	return all
}
