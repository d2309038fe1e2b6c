package simulator

import (
	"encoding/base64"
	"math"
	"net/netip"
	"slices"
	"strconv"
)

// line writes a line of JSON. Its names and texts need no escapes.
type line struct{ bytes []byte }

func (l *line) reset() { l.bytes = l.bytes[:0] }

func (l *line) copy() []byte { return slices.Clone(l.bytes) }

func (l *line) open(bracket byte) {
	l.separate()
	l.bytes = append(l.bytes, bracket)
}

func (l *line) close(bracket byte) { l.bytes = append(l.bytes, bracket) }

// separate writes a comma unless what follows is the first within its brackets or a member's value. A string ends in a quote, whatever its text.
func (l *line) separate() {
	if last := len(l.bytes) - 1; last >= 0 && l.bytes[last] != '{' && l.bytes[last] != '[' && l.bytes[last] != ':' {
		l.bytes = append(l.bytes, ',')
	}
}

func (l *line) name(name string) {
	l.quote(name)
	l.bytes = append(l.bytes, ':')
}

func (l *line) quote(text string) {
	l.separate()
	l.bytes = append(l.bytes, '"')
	l.bytes = append(l.bytes, text...)
	l.bytes = append(l.bytes, '"')
}

func (l *line) text(name, value string) {
	l.name(name)
	l.quote(value)
}

func (l *line) integer(name string, value int64) {
	l.name(name)
	l.bytes = strconv.AppendInt(l.bytes, value, 10)
}

func (l *line) boolean(name string, value bool) {
	l.name(name)
	l.bytes = strconv.AppendBool(l.bytes, value)
}

func (l *line) decimal(name string, value float64) {
	l.name(name)
	l.bytes = strconv.AppendFloat(l.bytes, value, 'f', -1, 64)
}

func (l *line) address(name string, value netip.Addr) {
	l.name(name)
	l.bytes = append(l.bytes, '"')
	l.bytes = value.AppendTo(l.bytes)
	l.bytes = append(l.bytes, '"')
}

func (l *line) prefix(name string, value netip.Prefix) {
	l.name(name)
	l.bytes = append(l.bytes, '"')
	l.bytes = value.AppendTo(l.bytes)
	l.bytes = append(l.bytes, '"')
}

func (l *line) base64(name string, value []byte) {
	l.name(name)
	l.bytes = append(l.bytes, '"')
	l.bytes = base64.StdEncoding.AppendEncode(l.bytes, value)
	l.bytes = append(l.bytes, '"')
}

// rounded rounds a number to the decimal places that probes write.
func rounded(value float64, places int) float64 {
	unit := math.Pow10(places)
	return math.Round(value*unit) / unit
}
