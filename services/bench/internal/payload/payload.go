// Package payload makes the benchmark's load of real measurement results: those rows of pkg/atlas/testdata that are of about a kilobyte, each with a
// measurement of the benchmark's choice and with the time at which it was sent.
package payload

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"atlasstream/pkg/atlas"
)

// The length of a row that is taken, in bytes; they average a kilobyte.
const (
	shortest = 700
	longest  = 1400
)

// Turns is how many values the member "turn" takes, one result after another.
const Turns = 100

const (
	timeMember = `,"timestamp":`
	turnMember = `,"turn":`
	sentMember = `,"sent":`
	sentDigits = 16 // microseconds since 1970: JavaScript holds them exactly
)

var (
	measurementMember = regexp.MustCompile(`"msm_id": ?\d+`)
	oldTimeMember     = regexp.MustCompile(`"timestamp": ?\d+, ?|, ?"timestamp": ?\d+`)
)

// Rows are the results that the load is made of.
type Rows struct{ rows []row }

// row is a result without its time, its measurement's number and its closing brace.
type row struct{ head, tail []byte }

// Load reads the rows of all types from a directory with files NAME.jsonl.gz.
func Load(dir string) (*Rows, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	loaded := &Rows{}
	for _, file := range files {
		if err := loaded.load(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(loaded.rows) == 0 {
		return nil, fmt.Errorf("%s has no results of %d to %d bytes", dir, shortest, longest)
	}
	return loaded, nil
}

func (r *Rows) load(path string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	return r.read(unpacked)
}

func (r *Rows) read(lines io.Reader) error {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) < shortest || len(line) > longest {
			continue
		}
		if _, err := atlas.ParseResult(line); err == nil {
			r.add(bytes.Clone(line))
		}
	}
	return scanner.Err()
}

func (r *Rows) add(line []byte) {
	line = cutOut(line, oldTimeMember)
	if member := measurementMember.FindIndex(line); member != nil {
		number := bytes.IndexByte(line[member[0]:], ':') + member[0] + 1
		r.rows = append(r.rows, row{head: line[:number], tail: line[member[1] : len(line)-1]})
	}
}

func cutOut(line []byte, member *regexp.Regexp) []byte {
	found := member.FindIndex(line)
	if found == nil {
		return line
	}
	return slices.Concat(line[:found[0]], line[found[1]:])
}

// Result makes result number n of a measurement, which says whose turn it is, n modulo Turns, and at what time it was sent, in microseconds
// since 1970. No two with different times are equal.
func (r *Rows) Result(n int, measurement atlas.MeasurementID, sent int64) []byte {
	row := &r.rows[n%len(r.rows)]
	result := make([]byte, 0, len(row.head)+len(row.tail)+len(timeMember)+len(turnMember)+len(sentMember)+4*sentDigits+1)
	result = strconv.AppendInt(append(result, row.head...), int64(measurement), 10)
	return end(append(result, row.tail...), n, sent)
}

// end adds what every result has at its end.
func end(result []byte, n int, sent int64) []byte {
	result = strconv.AppendInt(append(result, timeMember...), sent/1_000_000, 10)
	result = strconv.AppendInt(append(result, turnMember...), int64(n%Turns), 10)
	result = append(result, sentMember...)
	return append(strconv.AppendInt(result, sent, 10), '}')
}

// Traceroute makes result number n, likewise, as a traceroute of so many hops with three replies each: of some 13 kB for sixty.
func Traceroute(n int, measurement atlas.MeasurementID, sent int64, hops int) []byte {
	const replies = 3
	result := fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"af":4,"type":"traceroute","result":[`, measurement, 1+n%Turns)
	for hop := 1; hop <= hops; hop++ {
		if hop > 1 {
			result = append(result, ',')
		}
		result = fmt.Appendf(result, `{"hop":%d,"result":[`, hop)
		for reply := range replies {
			if reply > 0 {
				result = append(result, ',')
			}
			result = fmt.Appendf(result, `{"from":"10.0.%d.%d","ttl":%d,"size":28,"rtt":%d.%03d,"itos":0}`, hop, reply, 255-hop%256, hop, reply)
		}
		result = append(result, "]}"...)
	}
	return end(append(result, ']'), n, sent)
}

// Sent finds when a result was sent, in microseconds since 1970, in a message that ends with it, perhaps a cursor, and a closing bracket; some servers add a
// newline.
func Sent(message []byte) (sent int64, found bool) {
	message = withoutCursor(bytes.TrimSuffix(message, []byte("\n")))
	const length = len(sentMember) + sentDigits + len("}]")
	if len(message) < length {
		return 0, false
	}
	end := message[len(message)-length:]
	digits, found := bytes.CutPrefix(end[:len(end)-len("}]")], []byte(sentMember))
	if !found {
		return 0, false
	}
	sent, err := strconv.ParseInt(string(digits), 10, 64)
	return sent, err == nil
}

// withoutCursor gives a message whose last argument is a cursor up to the comma before that, which is then where the bracket would be.
func withoutCursor(message []byte) []byte {
	rest, found := bytes.CutSuffix(message, []byte(`"]`))
	if !found {
		return message
	}
	return rest[:max(0, bytes.LastIndexByte(rest, '"'))]
}
