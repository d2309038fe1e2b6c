package subscription

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

func TestReplayIsRead(t *testing.T) {
	start, end := time.Unix(1426633200, 0), time.UnixMilli(1426636800250)
	for parameters, want := range map[string]*ReplayRequest{
		`{"msm":1}`:                        nil,
		`{"msm":1,"startTime":1426633200}`: {Start: start, Speed: 1},
		`{"msm":1,"start_time":"1426633200","speed":"0.5"}`:                                         {Start: start, Speed: 0.5},
		`{"stream_type":"probestatus","end_time":1426636800.25,"startTime":1426633200,"speed":1e3}`: {Start: start, End: end, Speed: 1000},
		`{"msm":1,"startTime":0}`:                                                             {Start: time.Unix(0, 0), Speed: 1},
		`{"msm":1,"startTime":1426633200000,"speed":"max"}`:                                   {Start: start, Speed: Fastest},
		`{"msm":1,"startTime":"1426633200000.4","endTime":1426636800250,"speed":"Max"}`:       {Start: start, End: end, Speed: Fastest},
		`{"msm":1,"startTime":253402300799}`:                                                  {Start: time.Unix(253402300799, 0), Speed: 1},
		`{"msm":1,"startTime":253402300800}`:                                                  {Start: time.UnixMilli(253402300800), Speed: 1},
		`{"msm":1,"startTime":253402300799999}`:                                               {Start: time.UnixMilli(253402300799999), Speed: 1},
		`{"msm":1,"startTime":"2015-03-17T23:00:00Z","endTime":"2015-03-18T00:00:00.25Z"}`:    {Start: start, End: end, Speed: 1},
		`{"msm":1,"startTime":"2015-03-17T23:00:00","endTime":"2015-03-18T00:00:00,2500001"}`: {Start: start, End: end, Speed: 1},
		`{"msm":1,"startTime":"2015-03-17 23:00"}`:                                            {Start: start, Speed: 1},
		`{"msm":1,"startTime":"2015-03-18T00:00+01:00"}`:                                      {Start: start, Speed: 1},
		`{"msm":1,"startTime":"2015-03-17t18:00:00-0500"}`:                                    {Start: start, Speed: 1},
		`{"msm":1,"startTime":"2015-03-17"}`:                                                  {Start: start.Add(-23 * time.Hour), Speed: 1},
		`{"msm":1,"startTime":"1970-01-01T01:00:00+01:00"}`:                                   {Start: time.Unix(0, 0), Speed: 1},
		`{"msm":1,"startTime":"20150317"}`:                                                    {Start: time.Unix(20150317, 0), Speed: 1},
	} {
		got := parse(t, parameters).Replay
		if (got == nil) != (want == nil) || got != nil && !got.Equal(*want) {
			t.Errorf("%s: got %+v, want %+v", parameters, got, want)
		}
	}
}

func TestReplayIsRefused(t *testing.T) {
	for _, test := range []struct{ parameters, want string }{
		{`"startTime":-1`, `[invalid_parameter] startTime: got -1, want Unix seconds`},
		{`"startTime":"NaN"`, `[invalid_parameter] startTime: got "NaN"`},
		{`"startTime":"0x50000000"`, `[invalid_parameter] startTime: got "0x50000000"`},
		{`"startTime":"+1426633200"`, `[invalid_parameter] startTime: got "+1426633200"`},
		{`"since":"0x1p30"`, `[invalid_parameter] since: got "0x1p30", want Unix seconds`},
		{`"startTime":null`, `[invalid_parameter] startTime: got null`},
		{`"startTime":253402300800000`, `[invalid_parameter] startTime: got 253402300800000, want Unix seconds up to 253402300799, above that Unix milliseconds, or an ISO`},
		{`"startTime":9007199254740993`, `[invalid_parameter] startTime: got 9007199254740993`},
		{`"startTime":"2015-02-29"`, `[invalid_parameter] startTime: got "2015-02-29"`},
		{`"startTime":"2015-03-17T23:00:00 01:00"`, `[invalid_parameter] startTime: got "2015-03-17T23:00:00 01:00"`},
		{`"startTime":"1969-12-31T23:59:59Z"`, `[invalid_parameter] startTime: got "1969-12-31T23:59:59Z"`},
		{`"startTime":"1970-01-01T00:00:00+01:00"`, `[invalid_parameter] startTime: got "1970-01-01T00:00:00+01:00"`},
		{`"startTime":["2015-03-17"]`, `[invalid_parameter] startTime: got ["2015-03-17"]`},
		{`"startTime":"max"`, `[invalid_parameter] startTime: got "max"`},
		{`"startTime":1,"end_time":""`, `[invalid_parameter] end_time: got ""`},
		{`"startTime":1,"speed":0`, `[invalid_parameter] speed: got 0, want a number above 0`},
		{`"startTime":1,"speed":"0x1p4"`, `[invalid_parameter] speed: got "0x1p4", want a number above 0`},
		{`"startTime":1,"speed":"+2"`, `[invalid_parameter] speed: got "+2"`},
		{`"startTime":1,"speed":-2`, `[invalid_parameter] speed: got -2`},
		{`"startTime":1,"speed":"nan"`, `[invalid_parameter] speed: got "nan"`},
		{`"startTime":1,"speed":"Infinity"`, `[invalid_parameter] speed: got "Infinity"`},
		{`"startTime":1,"speed":1e400`, `[invalid_parameter] speed: got 1e400`},
		{`"startTime":1,"speed":true`, `[invalid_parameter] speed: got true`},
		{`"startTime":1,"start_time":1`, `[repeated_parameter] start_time: repeated, first given as startTime`},
		{`"speed":10`, `[missing_parameter] startTime: missing; speed is`},
		{`"end_time":10`, `[missing_parameter] startTime: missing; end_time is`},
		{`"stream_type":"metadata","startTime":1`, `[invalid_parameter] startTime: given, want none with metadata`},
	} {
		if _, err := Parse([]byte(`{"msm":1,` + test.parameters + `}`)); !strings.HasPrefix(fmt.Sprint(err), test.want) {
			t.Errorf("%s\ngot  %v\nwant %s", test.parameters, err, test.want)
		}
	}
}

func TestKeyOmitsTheReplay(t *testing.T) {
	if parse(t, `{"msm":1,"startTime":1,"endTime":2,"speed":3}`).Key() != parse(t, `{"msm":1}`).Key() {
		t.Error("a subscription needs its replay to be named")
	}
}

// A subscription restricted to a time matches records of that millisecond and later.
func TestSinceATime(t *testing.T) {
	at := time.UnixMilli(1426633200500)
	restricted := parse(t, `{"msm":1,"prb":1}`).Since(at.Add(time.Microsecond))
	var index Index[string]
	index.Add("somebody", restricted)
	for after, want := range map[time.Duration]bool{-time.Millisecond: false, 0: true, time.Millisecond: true} {
		record := atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult, Measurement: 1, Probe: 1, Type: "ping", Time: at.Add(after), Value: []byte(`{}`)}}
		view := NewRecordView(nil)
		view.Reset(&record)
		if _, got := index.Candidates(1)[0].Match(view); got != want {
			t.Errorf("a record %v after the time: got %v, want %v", after, got, want)
		}
	}
}
