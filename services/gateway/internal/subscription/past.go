package subscription

import (
	"math"
	"strconv"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"
)

// Past is the stretch of the past that a subscription wants to have replayed.
type Past struct {
	Start time.Time
	End   time.Time // zero if none was given
	Speed float64   // of event time against the clock, above 0; Fastest for as fast as may be
}

// Fastest is the speed of a replay that is as fast as the limits allow and the client reads.
var Fastest = math.Inf(1)

// Equal tells whether two ask for the same replay.
func (p Past) Equal(other Past) bool {
	return p.Start.Equal(other.Start) && p.End.Equal(other.End) && p.Speed == other.Speed
}

// latestTime is the end of the year 9999, in Unix seconds. A greater number was not meant as seconds: it is of milliseconds, which come to that number in
// January 1978.
const latestTime = 253402300799

// wantTime words what readTime takes.
const wantTime = "want Unix seconds up to %d, above that Unix milliseconds, or an ISO 8601 time such as 2015-03-17T15:00:00Z (in a URL, + is %%2B)"

// ReadTime reads a time as parameters of a subscription have it, from the text of a parameter of that name. The error is a *protocol.Error.
func ReadTime(name, text string) (time.Time, error) {
	return readTime(name, gjson.Result{Type: gjson.String, Str: text, Raw: strconv.Quote(text)})
}

// readTime takes Unix seconds, whose fractions count to the millisecond, Unix milliseconds or an ISO 8601 time.
func readTime(name string, value gjson.Result) (time.Time, error) {
	text := textOf(value)
	if at, is := readISO8601(text); is {
		return at, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || !(number >= 0 && number <= latestTime*1000+999): // which no NaN is
		return time.Time{}, invalid(name, value, wantTime, int64(latestTime))
	case number > latestTime:
		return time.UnixMilli(int64(math.Round(number))), nil
	}
	return time.UnixMilli(int64(math.Round(number * 1000))), nil
}

// iso8601 are the forms that are taken: a date, or a date and a time with minutes, seconds or fractions of them, which time.Parse takes unasked. Without a
// zone they are in UTC.
var iso8601 = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
}

// readISO8601 reads a time from 1970 on, to the millisecond. A space may stand for the T, and letters may be small (RFC 3339, section 5.6).
func readISO8601(text string) (at time.Time, is bool) {
	text = strings.ToUpper(text)
	if date, clock, found := strings.Cut(text, " "); found {
		text = date + "T" + clock
	}
	for _, form := range iso8601 {
		if at, err := time.Parse(form, text); err == nil && at.Unix() >= 0 {
			return time.UnixMilli(at.Round(time.Millisecond).UnixMilli()), true
		}
	}
	return time.Time{}, false
}

func (p *parser) readStart(name string, value gjson.Result) (err error) {
	p.past.Start, err = readTime(name, value)
	return err
}

func (p *parser) readEnd(name string, value gjson.Result) (err error) {
	p.past.End, err = readTime(name, value)
	return err
}

func (p *parser) readSpeed(name string, value gjson.Result) (err error) {
	if strings.ToLower(textOf(value)) == "max" {
		p.past.Speed = Fastest
		return nil
	}
	p.past.Speed, err = strconv.ParseFloat(textOf(value), 64)
	if err != nil || !(p.past.Speed > 0 && p.past.Speed <= math.MaxFloat64) { // which no NaN is
		return invalid(name, value, "want a number above 0, such as 1 for the pace of the past or 10 for ten times that, or max for as fast as this gateway allows")
	}
	return nil
}

// finishPast makes the subscription one to the past if it names a start.
func (p *parser) finishPast() error {
	if _, given := p.seen["starttime"]; !given {
		for _, name := range []string{"endtime", "speed"} {
			if came, given := p.seen[name]; given {
				return protocol.Refuse(protocol.CodeMissingParameter, "startTime: missing; %s is for a replay, which has a start", came)
			}
		}
		return nil
	}
	if p.subscription.Backlog {
		return protocol.Refuse(protocol.CodeInvalidParameter,
			"%s: got true, want false or none with %s: a replay begins where that says", p.seen["sendbacklog"], p.seen["starttime"])
	}
	if p.past.Speed == 0 {
		p.past.Speed = 1
	}
	past := p.past
	p.subscription.Past = &past
	return nil
}
