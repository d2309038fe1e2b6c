package catalog

import (
	"fmt"
	"strings"

	"atlasstream/pkg/atlas"
)

// measurement is a measurement with its text for searches.
type measurement struct {
	atlas.Measurement
	text string // its description, target and type, in lower case
}

func parseMeasurement(object *atlas.Object) (measurement, error) {
	parsed, err := atlas.ParseMeasurement(object.Value)
	if err != nil {
		return measurement{}, err
	}
	return searchable(parsed), sameID(int64(parsed.ID), object)
}

// maxTextBytes is how much is kept of a description and of a target; most have some dozens of bytes.
const maxTextBytes = 200

// searchable keeps the texts of a measurement in one allocation, or in two if there are capitals.
func searchable(parsed atlas.Measurement) measurement {
	description, target := truncate(parsed.Description), truncate(parsed.Target)
	whole := description + "\n" + target + "\n" + parsed.Type
	parsed.Description = whole[:len(description)]
	parsed.Target = whole[len(description)+1:][:len(target)]
	return measurement{parsed, strings.ToLower(whole)}
}

// truncate truncates a text, with an ellipsis.
func truncate(text string) string {
	if len(text) <= maxTextBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxTextBytes], "") + "…"
}

// measurementBytes is what a measurement may take on average; most take half of that.
const measurementBytes = 1 << 10

// size returns how many bytes its texts take.
func (m *measurement) size() int { return 2*len(m.text) + len(m.StatusName) }

// maxTypeBytes is more than any type of RIPE Atlas has. Those are interned.
const maxTypeBytes = 16

// brief is the measurement without its texts: whether it is public, its type and whether it has stopped must be known in any case.
func (m *measurement) brief() measurement {
	brief := m.Measurement
	brief.Description, brief.Target, brief.StatusName = "", "", ""
	if len(brief.Type) > maxTypeBytes {
		brief.Type = ""
	}
	return measurement{Measurement: brief}
}

// notPublic is a placeholder for a measurement whose object cannot be parsed or kept.
func notPublic(id int64) measurement {
	return measurement{Measurement: atlas.Measurement{ID: atlas.MeasurementID(id), StatusID: atlas.StatusUnknown}}
}

// get returns nil for nil.
func (m *measurement) get() *atlas.Measurement {
	if m == nil {
		return nil
	}
	return &m.Measurement
}

func sameID(id int64, object *atlas.Object) error {
	if id != object.ID {
		return fmt.Errorf("id: got %d, want %d, the ID of the object's key", id, object.ID)
	}
	return nil
}
