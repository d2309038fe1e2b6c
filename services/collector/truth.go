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

// truthFile is the ground truth about a simulated network: its incidents, those of each hour written when the hour begins. A nil truthFile writes nothing.
type truthFile struct {
	file    *os.File
	network *simulator.Network
	until   time.Time   // incidents that begin before are written
	last    writtenLine // of the file, when it was opened
}

// writtenLine is a line of the file; the zero value is none.
type writtenLine struct {
	text  []byte
	start time.Time
}

// openTruth opens the file to append to it. Its last line, if any, must be of the same network. Without a name, the truthFile is nil.
func openTruth(name string, network *simulator.Network) (*truthFile, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // a nil truthFile writes nothing
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, service.Setting("truth", err)
	}
	t := &truthFile{file: file, network: network}
	if err := t.readLast(); err != nil {
		return nil, errors.Join(service.Setting("truth", fmt.Errorf("%s: %w", name, err)), file.Close())
	}
	return t, nil
}

// readLast finds the last line of the file.
func (t *truthFile) readLast() error {
	text, err := lastLine(t.file)
	if err != nil || len(text) == 0 {
		return err
	}
	var incident simulator.Truth
	if json.Unmarshal(text, &incident) != nil {
		return errors.New("its last line is not an incident; want another file, or remove the line")
	}
	start := time.Unix(0, int64(incident.Start*float64(time.Second)))
	lines, err := t.lines(start.Add(-time.Second), start.Add(time.Second))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(lines, func(line []byte) bool { return bytes.Equal(line, text) }) {
		return errors.New("its last line is of a network with another seed, rate, number of probes or kind of incidents; want another file")
	}
	t.last = writtenLine{text: text, start: start}
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

// lines are those of the incidents that begin in [from, until), in order.
func (t *truthFile) lines(from, until time.Time) (lines [][]byte, err error) {
	for _, incident := range t.network.Truth(from, until) {
		line, err := json.Marshal(incident)
		if err != nil {
			return nil, err
		}
		lines = append(lines, append(line, '\n'))
	}
	return lines, nil
}

func (t *truthFile) start(from time.Time) {
	if t != nil {
		t.until = from
	}
}

// writeUntil writes the incidents up to the end of the hour of a time, except for those that the file had when it was opened.
func (t *truthFile) writeUntil(at time.Time) error {
	if t == nil || at.Before(t.until) {
		return nil
	}
	from := t.until
	t.until = at.Truncate(time.Hour).Add(time.Hour)
	lines, err := t.lines(from, t.until)
	if err != nil {
		return fmt.Errorf("writing the ground truth: %w", err)
	}
	for _, line := range t.unwritten(lines) {
		if _, err := t.file.Write(line); err != nil {
			return fmt.Errorf("writing the ground truth: %w", err)
		}
	}
	return nil
}

// unwritten are the lines after the last one that the file had.
func (t *truthFile) unwritten(lines [][]byte) [][]byte {
	if !t.last.start.Before(t.until) {
		return nil
	}
	last := slices.IndexFunc(lines, func(line []byte) bool { return bytes.Equal(line, t.last.text) })
	return lines[last+1:]
}

func (t *truthFile) close() error {
	if t == nil {
		return nil
	}
	return t.file.Close()
}
