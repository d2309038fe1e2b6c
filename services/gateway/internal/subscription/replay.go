package subscription

import (
	"math"
	"strconv"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"
)

// ReplayRequest is what a subscription wants to have replayed.
type ReplayRequest struct {
	Start time.Time
	End   time.Time // zero if none was given
	Speed float64   // event time over wall-clock time, above 0; Fastest for as fast as possible
}

// Fastest is the speed of a replay that is as fast as the limits allow and the client reads.
var Fastest = math.Inf(1)

// Equal tells whether two ask for the same replay.
func (r ReplayRequest) Equal(other ReplayRequest) bool {
	return r.Start.Equal(other.Start) && r.End.Equal(other.End) && r.Speed == other.Speed
}

func readTime(of func(*ReplayRequest) *time.Time) readParameter {
	return func(p *parser, name string, value gjson.Result) (err error) {
		*of(&p.replay), err = parseTime(name, value)
		return err
	}
}

func (p *parser) readSpeed(name string, value gjson.Result) error {
	if strings.ToLower(textOf(value)) == "max" {
		p.replay.Speed = Fastest
		return nil
	}
	speed, ok := parseDecimal(textOf(value))
	if !ok || speed == 0 {
		return invalid(name, value, "want a number above 0, such as 1 for the original speed or 10 for ten times that, or max for as fast as this gateway allows")
	}
	p.replay.Speed = speed
	return nil
}

// finishReplay makes the subscription one to a replay if it has a start.
func (p *parser) finishReplay() error {
	if _, given := p.seen["starttime"]; !given {
		for _, name := range []string{"endtime", "speed"} {
			if came, given := p.seen[name]; given {
				return protocol.Refuse(protocol.CodeMissingParameter, "startTime: missing; %s is for a replay, which needs one", came)
			}
		}
		return nil
	}
	if p.subscription.Backlog {
		return refuse("%s: got true, want false or none with %s: a replay begins there", p.seen["sendbacklog"], p.seen["starttime"])
	}
	if p.replay.Speed == 0 {
		p.replay.Speed = 1
	}
	replay := p.replay
	p.subscription.Replay = &replay
	return nil
}

// latestTime is the end of the year 9999, in Unix seconds. A greater number was not meant as seconds but as milliseconds, which reach it in January 1978.
const latestTime = 253402300799

// wantTime says what parseTime takes.
const wantTime = "want Unix seconds up to %d, above that Unix milliseconds, or an ISO 8601 time such as 2015-03-17T15:00:00Z (in a URL, + is %%2B)"

// ParseTime reads a time as parameters of a subscription have it, from the text of a parameter of that name. The error is a *protocol.Error.
func ParseTime(name, text string) (time.Time, error) {
	return parseTime(name, gjson.Result{Type: gjson.String, Str: text, Raw: strconv.Quote(text)})
}

// parseTime takes Unix seconds, with fractions of them to the millisecond, Unix milliseconds or an ISO 8601 time.
func parseTime(name string, value gjson.Result) (time.Time, error) {
	text := textOf(value)
	if at, ok := parseISO8601(text); ok {
		return at, nil
	}
	number, ok := parseDecimal(text)
	switch {
	case !ok || number > latestTime*1000+999:
		return time.Time{}, invalid(name, value, wantTime, int64(latestTime))
	case number > latestTime:
		return time.UnixMilli(int64(math.Round(number))), nil
	}
	return time.UnixMilli(int64(math.Round(number * 1000))), nil
}

// iso8601 are the allowed layouts: a date, or a date and a time to the minute or the second, after which time.Parse allows fractions. Without a zone they are
// in UTC.
var iso8601 = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
}

// parseISO8601 parses a time from 1970 on, to the millisecond. A space may replace the T, and letters may be lower case (RFC 3339, section 5.6).
func parseISO8601(text string) (at time.Time, ok bool) {
	text = strings.ToUpper(text)
	if date, clock, found := strings.Cut(text, " "); found {
		text = date + "T" + clock
	}
	for _, layout := range iso8601 {
		if at, err := time.Parse(layout, text); err == nil && at.Unix() >= 0 {
			return time.UnixMilli(at.Round(time.Millisecond).UnixMilli()), true
		}
	}
	return time.Time{}, false
}
