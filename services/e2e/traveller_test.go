package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// traveller is a client that reads in fits and starts, leaves at any point and comes back, at the same gateway or at another, with the cursors that it has.
type traveller struct {
	scene *scene
	entrance
	chance   *rand.Rand
	recovers bool // by pid and offset
	journeys []*journey
	visits   int
	line     *line
	offset   string // the last cursor that came with the line's pid
	pid      string
}

// journey is what becomes of one wish of a traveller.
type journey struct {
	wish
	stretches []*stretch
	confirmed bool // on this line
	over      bool
}

func (j *journey) last() *stretch {
	if len(j.stretches) == 0 {
		return nil
	}
	return j.stretches[len(j.stretches)-1]
}

// greatestVisits is how often a traveller comes; the last time, it stays.
const greatestVisits = 8

// travel comes and goes until every wish is over. Settled is called when the first visit has begun.
func (v *traveller) travel(ctx context.Context, settled func()) error {
	defer func() {
		if v.line != nil {
			v.line.close()
		}
	}()
	v.scene.transit.RLock()
	err := v.arrive(ctx)
	v.scene.transit.RUnlock()
	settled()
	for err == nil && !v.isOver() {
		err = v.stay(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%s, visit %d, recovering: %t: %w", v.name, v.visits, v.recovers, err)
	}
	return err
}

func (v *traveller) isOver() bool {
	for _, journey := range v.journeys {
		if !journey.over {
			return false
		}
	}
	return true
}

// stay hears what comes, until the traveller has had enough; then it moves on.
func (v *traveller) stay(ctx context.Context) error {
	const typically = 120 // messages
	for left := int(v.chance.ExpFloat64() * typically); left > 0 && !v.isOver(); left-- {
		v.dawdle(ctx)
		if err := v.hear(); err != nil {
			return err
		}
	}
	if v.isOver() || v.visits >= greatestVisits {
		return nil
	}
	return v.scene.letMove(v.isResumable(), func() error { return v.arrive(ctx) })
}

// dawdle reads nothing for a while, now and then.
func (v *traveller) dawdle(ctx context.Context) {
	if v.chance.IntN(80) > 0 {
		return
	}
	select {
	case <-time.After(time.Duration(50+v.chance.IntN(600)) * time.Millisecond):
	case <-ctx.Done():
	}
}

// isResumable tells whether nothing is lost if the traveller moves after the last record.
func (v *traveller) isResumable() bool {
	for _, journey := range v.journeys {
		if journey.over || journey.replay {
			continue
		}
		if !journey.cursors || v.placeOf(journey) == nil || v.recovers && v.offset == "" {
			return false
		}
	}
	return true
}

// arrive leaves without a word and comes in somewhere, and says whatever wishes are not over and were not brought back.
func (v *traveller) arrive(ctx context.Context) error {
	v.visits++
	if v.line != nil {
		v.line.close()
	}
	for _, journey := range v.journeys {
		journey.confirmed = false
	}
	gateway := v.scene.gateways[v.chance.IntN(len(v.scene.gateways))].public
	if v.single {
		return v.begin(v.journeys[0], func(parameters json.RawMessage, cursor string) (err error) {
			v.line, err = v.open(ctx, v.address(gateway, parameters, cursor))
			return err
		})
	}
	if err := v.connect(ctx, gateway); err != nil {
		return err
	}
	for _, journey := range v.journeys {
		if journey.over || journey.confirmed {
			continue
		}
		err := v.begin(journey, func(parameters json.RawMessage, _ string) error { return v.line.say("atlas_subscribe", parameters) })
		if err != nil {
			return err
		}
	}
	return nil
}

// address is that of a single wish. A cursor is sometimes told as browsers tell the ID of the last event.
func (v *traveller) address(gateway string, parameters json.RawMessage, cursor string) arrival {
	a := arrival{gateway: gateway, parameters: parameters}
	if v.always && cursor != "" && v.chance.IntN(2) == 0 {
		a.parameters, a.last = v.journeys[0].parameters(""), cursor
	}
	return a
}

// connect opens a line for several wishes. If the traveller recovers, those with cursors are there again.
func (v *traveller) connect(ctx context.Context, gateway string) (err error) {
	a := arrival{gateway: gateway}
	if v.recovers && v.offset != "" {
		a.pid, a.offset = v.pid, v.offset
	}
	if v.line, err = v.open(ctx, a); err != nil {
		return err
	}
	if v.socketIO && v.line.pid == "" {
		return fmt.Errorf("there is no pid")
	}
	if a.pid == "" {
		v.pid, v.offset = v.line.pid, ""
		return nil
	}
	if v.line.pid != v.pid {
		return fmt.Errorf("came back with pid %s and offset %s, got the new pid %s", a.pid, a.offset, v.line.pid)
	}
	return v.hearUntil(func() bool {
		for _, journey := range v.journeys {
			if journey.cursors && !journey.over && !journey.confirmed {
				return false
			}
		}
		return true
	})
}

// begin says a wish and waits until it is confirmed; what has been wished for before may come meanwhile.
func (v *traveller) begin(j *journey, say func(parameters json.RawMessage, cursor string) error) error {
	next := &stretch{wish: j.wish, behind: v.placeOf(j), seam: noBacklog, uttered: time.Now(), least: v.scene.end(j.measurement)}
	cursor := ""
	if next.behind != nil {
		cursor = next.behind.cursor()
	}
	j.stretches = append(j.stretches, next)
	if err := say(j.parameters(cursor), cursor); err != nil {
		return err
	}
	err := v.hearUntil(func() bool { return j.confirmed })
	next.most, next.confirmed = v.scene.end(j.measurement), time.Now()
	return err
}

// placeOf picks where a journey goes on: behind the last result, or now and then behind an earlier one of the last stretch.
func (v *traveller) placeOf(j *journey) *place {
	last := j.last()
	if last == nil || !j.cursors {
		return nil
	}
	var places []int
	for i, heard := range last.heard {
		if heard.cursor != "" {
			places = append(places, i)
		}
	}
	switch {
	case len(places) == 0:
		return last.behind
	case v.chance.IntN(4) == 0:
		return &place{last, places[v.chance.IntN(len(places))]}
	}
	return &place{last, places[len(places)-1]}
}

func (v *traveller) hearUntil(holds func() bool) error {
	for !holds() {
		if err := v.hear(); err != nil {
			return err
		}
	}
	return nil
}

func (v *traveller) hear() error {
	m, err := v.line.hear()
	if err != nil {
		return err
	}
	if v.socketIO && m.cursor() != "" {
		v.offset = m.cursor()
	}
	if err := v.take(m); err != nil {
		return fmt.Errorf("heard %.300s: %w", m, err)
	}
	return nil
}

func (v *traveller) take(m message) error {
	if m.event == "atlas_result" {
		return v.takeResults(m)
	}
	journey, err := v.journeyOf(m.payload)
	if err != nil {
		return err
	}
	switch m.event {
	case "atlas_subscribed":
		if journey.confirmed {
			return fmt.Errorf("confirmed already")
		}
		journey.confirmed = true
	case "atlas_backlog_sent":
		journey.last().seam = len(journey.last().heard)
	case "atlas_unsubscribed":
		if !journey.replay {
			return fmt.Errorf("want no end")
		}
		journey.last().whole, journey.over = true, true
	case "atlas_replay_finished":
	default:
		return fmt.Errorf("want no such event")
	}
	return nil
}

func (v *traveller) journeyOf(parameters json.RawMessage) (*journey, error) {
	var named struct{ MSM json.RawMessage }
	if err := json.Unmarshal(parameters, &named); err != nil {
		return nil, err
	}
	measurement, err := strconv.Atoi(strings.Trim(string(named.MSM), `"`))
	if err != nil {
		return nil, err
	}
	return v.journeyTo(measurement)
}

func (v *traveller) journeyTo(measurement int) (*journey, error) {
	for _, journey := range v.journeys {
		if journey.measurement == measurement {
			return journey, nil
		}
	}
	return nil, fmt.Errorf("measurement %d was not wished for", measurement)
}

// takeResults keeps what arrived: a result, or several in an array, of which the last has the cursor.
func (v *traveller) takeResults(m message) error {
	results := []json.RawMessage{m.payload}
	buffered := m.payload[0] == '['
	if buffered {
		if err := json.Unmarshal(m.payload, &results); err != nil {
			return err
		}
	}
	for i, result := range results {
		cursor := ""
		if i == len(results)-1 {
			cursor = m.cursor()
		}
		if err := v.takeResult(result, buffered, cursor, i == len(results)-1); err != nil {
			return err
		}
	}
	return nil
}

func (v *traveller) takeResult(result json.RawMessage, buffered bool, cursor string, last bool) error {
	var traits traits
	if err := json.Unmarshal(result, &traits); err != nil {
		return err
	}
	journey, err := v.journeyTo(traits.Measurement)
	if err != nil {
		return err
	}
	switch {
	case !journey.confirmed || journey.over:
		return fmt.Errorf("it was confirmed: %t, and is over: %t", journey.confirmed, journey.over)
	case buffered != journey.buffering:
		return fmt.Errorf("it is in an array: %t", buffered)
	case last && (cursor != "") != (journey.cursors || v.always):
		return fmt.Errorf("there is a cursor: %t", cursor != "")
	}
	stretch := journey.last()
	stretch.heard = append(stretch.heard, heard{string(result), cursor})
	if !journey.replay && journey.isLast(traits) {
		stretch.whole, journey.over = true, true
	}
	return nil
}
