package subscription

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/parameter"
)

// numbers gives 1 to count, with commas between them.
func numbers(count int) string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprint(i + 1)
	}
	return strings.Join(all, ",")
}

func TestParts(t *testing.T) {
	for parameters, want := range map[string]string{
		`{"msm":[1002,1001],"prb":[2,1]}`:                        "1001/1 1001/2 1002/1 1002/2",
		`{"msm":"1001,1002","prb":"1, 2"}`:                       "1001/1 1001/2 1002/1 1002/2",
		`{"msm":"[1001,\"1002\"]"}`:                              "1001/0 1002/0",
		`{"msm":[1001,1001,"1001"],"prb":[3,4,3]}`:               "1001/3 1001/4",
		`{"stream_type":"probestatus","prb":[1,2]}`:              "7000/1 7000/2",
		`{"stream_type":"metadata","msm":[5,6],"sendBacklog":0}`: "5/0 6/0",
	} {
		parsed := parse(t, parameters)
		var got []string
		for _, part := range parsed.Parts() {
			got = append(got, fmt.Sprintf("%d/%d", part.Measurement, part.Probe))
			if part.Lists != nil || part.Stream != parsed.Stream || part.Quota == nil {
				t.Errorf("%s: a part is %+v", parameters, part)
			}
		}
		if strings.Join(got, " ") != want || parsed.Count() != len(got) {
			t.Errorf("%s: got %s, counted as %d; want %s", parameters, got, parsed.Count(), want)
		}
	}
	for _, parameters := range []string{`{"msm":[1001]}`, `{"msm":[1001,"1001"],"prb":"7"}`, `{"msm":["1001"],"prb":[7],"startTime":1}`} {
		if parsed := parse(t, parameters); parsed.Lists != nil || parsed.Measurement != 1001 || parsed.Count() != 1 {
			t.Errorf("%s: got %+v", parameters, parsed)
		}
	}
}

func TestKeysOfLists(t *testing.T) {
	key := parse(t, `{"msm":[1001,1002],"prb":[1,2]}`).Key()
	for _, same := range []string{`{"prb":"2,1","msm":[1002,1001,1001]}`, string(parameter.FromQuery(url.Values{"msm": {"1001,1002"}, "prb": {"1,2"}}))} {
		if parse(t, same).Key() != key {
			t.Errorf("%s has another key", same)
		}
	}
	if parse(t, `{"msm":[1001]}`).Key() != parse(t, `{"msm":1001}`).Key() {
		t.Error("a list of one measurement is something else than the measurement")
	}
}

// Parts bring nothing before their quota is opened.
func TestPartsAreOpenedTogether(t *testing.T) {
	parts := parse(t, `{"msm":[1,2]}`).Parts()
	var index Index[int]
	index.Add(0, parts...)
	view := NewRecordView(nil)
	for _, isOpen := range []bool{false, true} {
		for measurement := range atlas.MeasurementID(2) {
			view.Reset(&atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult, Measurement: measurement + 1, Value: []byte(`{}`)}})
			if _, matches := index.Candidates(measurement + 1)[0].Match(view); matches != isOpen {
				t.Errorf("a record of measurement %d matches is %t", measurement+1, matches)
			}
		}
		parts[0].Quota.Open()
	}
}
