package subscription

import (
	"math"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

// Past is the stretch of the past that a subscription wants to have replayed.
type Past struct {
	Start time.Time
	End   time.Time // zero if none was given
	Speed float64   // of event time against the clock, above 0
}

// Equal tells whether two ask for the same replay.
func (p Past) Equal(other Past) bool {
	return p.Start.Equal(other.Start) && p.End.Equal(other.End) && p.Speed == other.Speed
}

// latestTime is the end of the year 9999, in Unix seconds: what is beyond it was not meant as seconds.
const latestTime = 253402300799

// readTime takes Unix seconds, as a number or a string with one; fractions count to the millisecond.
func readTime(name string, value gjson.Result) (time.Time, error) {
	seconds, err := strconv.ParseFloat(textOf(value), 64)
	if err != nil || !(seconds >= 0 && seconds <= latestTime) { // which no NaN is
		return time.Time{}, invalid(name, value, "want Unix seconds, from 0 to %d", int64(latestTime))
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))), nil
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
	p.past.Speed, err = strconv.ParseFloat(textOf(value), 64)
	if err != nil || !(p.past.Speed > 0 && p.past.Speed <= math.MaxFloat64) { // which no NaN is
		return invalid(name, value, "want a number above 0, such as 1 for the pace of the past or 10 for ten times that")
	}
	return nil
}

// finishPast makes the subscription one to the past if it names a start.
func (p *parser) finishPast() error {
	if _, given := p.seen["starttime"]; !given {
		for _, name := range []string{"endtime", "speed"} {
			if came, given := p.seen[name]; given {
				return Refuse(CodeMissing, "startTime: missing; %s is for a replay, which has a start", came)
			}
		}
		return nil
	}
	if p.subscription.Backlog {
		return Refuse(CodeInvalid, "%s: got true, want false or none with %s: a replay begins where that says", p.seen["sendbacklog"], p.seen["starttime"])
	}
	if p.past.Speed == 0 {
		p.past.Speed = 1
	}
	past := p.past
	p.subscription.Past = &past
	return nil
}
