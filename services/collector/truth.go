package collector

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/pkg/simulator"
)

// truth writes to a file what goes wrong in a simulated network: what begins in an hour is written when the hour begins. A nil truth writes nothing.
type truth struct {
	file    *os.File
	network *simulator.Network
	until   time.Time // what begins before is written
}

// openTruth opens the file, which goes on where it ends. Without a name there is none.
func openTruth(name string, network *simulator.Network) (*truth, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // a nil truth writes nothing
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, service.Setting("truth", err)
	}
	return &truth{file: file, network: network}, nil
}

func (t *truth) begin(from time.Time) {
	if t != nil {
		t.until = from
	}
}

// reach writes what begins up to the end of the hour of a time.
func (t *truth) reach(at time.Time) error {
	if t == nil || at.Before(t.until) {
		return nil
	}
	from := t.until
	t.until = at.Truncate(time.Hour).Add(time.Hour)
	lines := json.NewEncoder(t.file)
	for _, told := range t.network.Truth(from, t.until) {
		if err := lines.Encode(told); err != nil {
			return fmt.Errorf("the truth about the simulated network: %w", err)
		}
	}
	return nil
}

func (t *truth) close() error {
	if t == nil {
		return nil
	}
	return t.file.Close()
}
