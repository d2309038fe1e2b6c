package parameter

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// latestTime is the end of the year 9999, in Unix seconds. A greater number was not meant as seconds but as milliseconds, which reach it in January 1978.
const latestTime = 253402300799

// wantTime says what Time takes.
const wantTime = "want Unix seconds up to %d, above that Unix milliseconds, or an ISO 8601 time such as 2015-03-17T15:00:00Z (in a URL, + is %%2B)"

// ParseTime reads a time from the text of a parameter of that name.
func ParseTime(name, text string) (time.Time, error) {
	return Value{name, gjson.Result{Type: gjson.String, Str: text, Raw: strconv.Quote(text)}}.Time()
}

// Time reads Unix seconds, with fractions of them to the millisecond, Unix milliseconds or an ISO 8601 time.
func (v Value) Time() (time.Time, error) {
	if at, ok := parseISO8601(v.Text()); ok {
		return at, nil
	}
	number, ok := v.Decimal()
	switch {
	case !ok || number > latestTime*1000+999:
		return time.Time{}, v.Invalid(wantTime, int64(latestTime))
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
