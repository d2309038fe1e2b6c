package collector

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/simulator"
)

// truth writes to a file what goes wrong in a simulated network: what begins in an hour is written when the hour begins. A nil truth writes nothing.
type truth struct {
	file    *os.File
	network *simulator.Network
	until   time.Time // what begins before is written
	last    toldLine  // of the file, when it was opened
}

// toldLine is a line of the file; the zero value is none.
type toldLine struct {
	text  []byte
	start time.Time
}

// openTruth opens the file, which goes on behind its last line; that must be of the network. Without a name there is none.
func openTruth(name string, network *simulator.Network) (*truth, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // a nil truth writes nothing
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, service.Setting("truth", err)
	}
	t := &truth{file: file, network: network}
	if err := t.readLast(); err != nil {
		return nil, errors.Join(service.Setting("truth", fmt.Errorf("%s: %w", name, err)), file.Close())
	}
	return t, nil
}

// readLast finds the last line of the file.
func (t *truth) readLast() error {
	text, err := lastLine(t.file)
	if err != nil || len(text) == 0 {
		return err
	}
	var told simulator.Truth
	if json.Unmarshal(text, &told) != nil {
		return errors.New("its last line is no incident: want another file, or the lines before")
	}
	start := time.Unix(0, int64(told.Start*float64(time.Second)))
	lines, err := t.lines(start.Add(-time.Second), start.Add(time.Second))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(lines, func(line []byte) bool { return bytes.Equal(line, text) }) {
		return errors.New("its last line is of a network with another seed, rate, number of probes or kind of incidents: want another file")
	}
	t.last = toldLine{text: text, start: start}
	return nil
}

func lastLine(file io.Reader) (last []byte, err error) {
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			last = line
		}
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// lines are those of what begins in an interval, up to before its end, in order.
func (t *truth) lines(from, until time.Time) (lines [][]byte, err error) {
	for _, told := range t.network.Truth(from, until) {
		line, err := json.Marshal(told)
		if err != nil {
			return nil, err
		}
		lines = append(lines, append(line, '\n'))
	}
	return lines, nil
}

func (t *truth) begin(from time.Time) {
	if t != nil {
		t.until = from
	}
}

// reach writes what begins up to the end of the hour of a time, unless the file had it when it was opened.
func (t *truth) reach(at time.Time) error {
	if t == nil || at.Before(t.until) {
		return nil
	}
	from := t.until
	t.until = at.Truncate(time.Hour).Add(time.Hour)
	lines, err := t.lines(from, t.until)
	if err != nil {
		return fmt.Errorf("the truth about the simulated network: %w", err)
	}
	for _, line := range t.untold(lines) {
		if _, err := t.file.Write(line); err != nil {
			return fmt.Errorf("the truth about the simulated network: %w", err)
		}
	}
	return nil
}

// untold are the lines behind the last one that the file had.
func (t *truth) untold(lines [][]byte) [][]byte {
	if !t.last.start.Before(t.until) {
		return nil
	}
	last := slices.IndexFunc(lines, func(line []byte) bool { return bytes.Equal(line, t.last.text) })
	return lines[last+1:]
}

func (t *truth) close() error {
	if t == nil {
		return nil
	}
	return t.file.Close()
}
