package catalog

import (
	"fmt"
	"strings"

	"atlasstream/pkg/atlas"
)

// measurement is a measurement with what a search looks through.
type measurement struct {
	atlas.Measurement
	text string // its description, target and type, in small letters
}

func parseMeasurement(object *atlas.Object) (measurement, error) {
	parsed, err := atlas.ParseMeasurement(object.Value)
	if err != nil {
		return measurement{}, err
	}
	return searchable(parsed), sameID(int64(parsed.ID), object)
}

// maxTextLength is how much is kept of a description and of a target, in bytes; most have some dozens.
const maxTextLength = 200

// searchable keeps the texts of a measurement in one piece of memory, or in two where there are capitals.
func searchable(parsed atlas.Measurement) measurement {
	description, target := cut(parsed.Description), cut(parsed.Target)
	whole := description + "\n" + target + "\n" + parsed.Type
	parsed.Description = whole[:len(description)]
	parsed.Target = whole[len(description)+1:][:len(target)]
	return measurement{parsed, strings.ToLower(whole)}
}

// cut shortens a text, and says so with an ellipsis.
func cut(text string) string {
	if len(text) <= maxTextLength {
		return text
	}
	return strings.ToValidUTF8(text[:maxTextLength], "") + "…"
}

// bytesOfMeasurement is what a measurement may take on average; of most it is the half.
const bytesOfMeasurement = 1 << 10

// size is how many bytes its texts take.
func (m *measurement) size() int { return 2*len(m.text) + len(m.StatusName) }

// longestType is more than any type has that RIPE Atlas measures: these are kept once for all measurements.
const longestType = 16

// brief is the measurement without its texts: who may see it, of which type it is and whether it has stopped must be known in any case.
func (m *measurement) brief() measurement {
	brief := m.Measurement
	brief.Description, brief.Target, brief.StatusName = "", "", ""
	if len(brief.Type) > longestType {
		brief.Type = ""
	}
	return measurement{Measurement: brief}
}

// notPublic stands in for a measurement of which there is an object that cannot be read.
func notPublic(id int64) measurement {
	return measurement{Measurement: atlas.Measurement{ID: atlas.MeasurementID(id), StatusID: atlas.StatusUnknown}}
}

// get is nil for no measurement.
func (m *measurement) get() *atlas.Measurement {
	if m == nil {
		return nil
	}
	return &m.Measurement
}

func sameID(id int64, object *atlas.Object) error {
	if id != object.ID {
		return fmt.Errorf("id: got %d, want %d, under which the object stands", id, object.ID)
	}
	return nil
}
