package subscription

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath/jsonpathtest"
	"atlasstream/services/gateway/internal/scalar"
)

// sampler makes conditions that real records fulfil, or almost.
type sampler struct {
	*rand.Rand
	*jsonpathtest.Sample
	records []*atlas.Record // of the sample's values
}

func newSampler() *sampler {
	return &sampler{rand.New(rand.NewPCG(1, 2)), jsonpathtest.RealSample(), realRecords()}
}

func pick[E any](s *sampler, from []E) E { return from[s.IntN(len(from))] }

// record picks a type first: there are many more of some.
func (s *sampler) record() int {
	wanted := pick(s, recordTypes)
	for range 10000 {
		if i := s.IntN(len(s.records)); s.records[i].Type == wanted || s.IntN(1000) == 0 {
			return i
		}
	}
	return 0
}

func (s *sampler) parameters(record int) map[string]any {
	parameters := map[string]any{"msm": 1}
	for range 1 + s.IntN(2) {
		switch s.IntN(6) {
		case 0:
			parameters["type"] = s.records[s.record()].Type
		case 1, 2:
			if path, alternatives := s.alternatives(record); alternatives != nil {
				parameters["equalsTo"] = map[string]any{path: alternatives}
			}
		case 3, 4:
			path := pick(s, s.Paths[record])
			if leaves := jsonpathtest.Find(s.Decoded[record], path); len(leaves) > 0 {
				if number, ok := numberIn(pick(s, leaves)); ok {
					parameters[pick(s, []string{"lessThan", "greaterTo"})] = map[string]any{path: number + float64(s.IntN(3)-1)}
				}
			}
		default:
			for range 3 {
				s.address(record, parameters)
			}
		}
	}
	return parameters
}

func (s *sampler) alternatives(record int) (path string, alternatives any) {
	path = pick(s, s.Paths[record])
	leaves := jsonpathtest.Find(s.Decoded[record], path)
	if len(leaves) == 0 {
		return path, nil
	}
	value := pick(s, leaves)
	if text := jsonpathtest.Text(value); text == "" || len(text) > scalar.MaxLength {
		return path, nil
	}
	switch s.IntN(3) {
	case 0:
		return path, []any{"x y", value, 17}
	case 1:
		return path, "17 " + jsonpathtest.Text(value) + " z"
	}
	return path, value
}

func (s *sampler) address(record int, into map[string]any) {
	name := pick(s, []string{"sourceAddress", "sourcePrefix", "destinationAddress", "destinationPrefix", "passThroughHost", "passThroughPrefix"})
	addresses := addressesIn(s.Decoded[record], s.records[record].Type, name)
	if len(addresses) == 0 {
		return
	}
	address := pick(s, addresses)
	if name[len(name)-3:] != "fix" {
		into[name] = address.String()
		return
	}
	into[name] = netip.PrefixFrom(address, s.IntN(address.BitLen()+1)).String()
}

func TestMatchesWhatTheOracleMatches(t *testing.T) {
	sampler := newSampler()
	view := NewRecordView(nil)
	matched := make(map[string]int)
	for range 3000 {
		base := sampler.record()
		text := asJSON(t, sampler.parameters(base))
		wanted, parameters := parse(t, text), jsonpathtest.Decode([]byte(text)).(map[string]any)
		for i := range 12 {
			record := base
			if i > 0 {
				record = sampler.record()
			}
			view.Reset(sampler.records[record])
			wanted.Measurement = sampler.records[record].Measurement
			got, want := wanted.matches(view), wants(parameters, sampler.Decoded[record], sampler.records[record].Type)
			if got != want {
				t.Fatalf("%s: got %t, want %t for\n%s", text, got, want, sampler.records[record].Value)
			}
			if got {
				for name := range parameters {
					matched[name]++
				}
			}
		}
	}
	for _, name := range []string{"type", "equalsTo", "lessThan", "greaterTo", "sourceAddress", "sourcePrefix", "destinationAddress", "destinationPrefix",
		"passThroughHost", "passThroughPrefix"} {
		if matched[name] < 30 {
			t.Errorf("%s matched %d times: too rarely to mean anything", name, matched[name])
		}
	}
}

// A subscriber's subscriptions come and go; what the index finds, and the projection, is compared with each subscription by itself.
func TestIndexAgainstEachByItself(t *testing.T) {
	sampler := newSampler()
	var index Index[string]
	var all []subscribed
	view := NewRecordView(nil)
	several := 0
	for range 2000 {
		if len(all) > 60 || len(all) > 0 && sampler.IntN(3) == 0 {
			i := sampler.IntN(len(all))
			index.Remove(all[i].subscriber, all[i].wanted)
			all = slices.Delete(all, i, i+1)
		} else {
			added := subscribed{pick(sampler, []string{"a", "b", "c"}), sampler.subscription(t)}
			index.Add(added.subscriber, added.wanted)
			all = append(all, added)
		}
		record := *sampler.records[sampler.record()]
		record.Measurement, record.Probe = atlas.MeasurementID(1+sampler.IntN(2)), atlas.ProbeID(1+sampler.IntN(2))
		view.Reset(&record)

		type written struct {
			enriched, buffered bool
			payload            string
		}
		want := make(map[string]written)
		for key, matching := range matchingOf(all, view) {
			if len(matching) > 1 {
				several++
			}
			projection := written{buffered: true}
			var paths []string
			for _, wanted := range matching {
				projection.enriched, projection.buffered = projection.enriched || wanted.Enrich, projection.buffered && wanted.Buffer
				paths = append(paths, cmp.Or(strings.Join(wanted.Fields.Paths(), ","), everyMember))
			}
			projection.payload = asJSON(t, jsonpathtest.Decode(record.Value))
			if !slices.Contains(paths, everyMember) {
				projection.payload = asJSON(t, jsonpathtest.Prune(jsonpathtest.Decode(record.Value), strings.Split(strings.Join(paths, ","), ",")...))
			}
			want[key] = projection
		}
		got := make(map[string]written)
		for _, candidate := range index.Candidates(record.Measurement) {
			if projection, matches := candidate.Match(view); matches {
				key := fmt.Sprint(candidate.Subscriber, candidate.Stream)
				if _, twice := got[key]; twice {
					t.Fatalf("%s: gets it twice", key)
				}
				got[key] = written{projection.Enriched, projection.Buffered, asJSON(t, jsonpathtest.Decode(view.Payload(projection)))}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	}
	if several < 500 {
		t.Errorf("several subscriptions matched %d times: too rarely to mean anything", several)
	}
	for _, one := range all {
		index.Remove(one.subscriber, one.wanted)
		index.Remove(one.subscriber, one.wanted) // once is enough
	}
	if len(index.candidates)+len(index.byMeasurement) != 0 {
		t.Errorf("left: %v, %v", index.candidates, index.byMeasurement)
	}
}

type subscribed struct {
	subscriber string
	wanted     *Subscription
}

const everyMember = "*"

// matchingOf gives the subscriptions that match, by subscriber and stream.
func matchingOf(all []subscribed, view *RecordView) map[string][]*Subscription {
	matching := make(map[string][]*Subscription)
	for _, one := range all {
		if key := fmt.Sprint(one.subscriber, one.wanted.Stream); one.wanted.matches(view) {
			matching[key] = append(matching[key], one.wanted)
		}
	}
	return matching
}

func (s *sampler) subscription(t *testing.T) *Subscription {
	parameters := map[string]any{"msm": 1}
	if s.IntN(2) == 0 {
		parameters = s.parameters(s.record())
	}
	parameters["msm"] = 1 + s.IntN(2)
	if s.IntN(4) == 0 {
		parameters["stream_type"] = "metadata"
		if s.IntN(2) == 0 {
			delete(parameters, "msm")
		}
	} else if s.IntN(2) == 0 {
		parameters["prb"] = 1 + s.IntN(2)
	}
	if s.IntN(2) == 0 {
		parameters["acceptedFields"] = []string{pick(s, []string{"af", "from", "result", "result.result", "result.result.from", "result.rtt"}), "prb_id"}
	}
	parameters["buffering"] = s.IntN(2) == 0
	if parameters["stream_type"] == nil {
		parameters["enrichProbes"] = s.IntN(2) == 0
	}
	return parse(t, asJSON(t, parameters))
}
