package catalog

import (
	"slices"
	"strconv"
	"strings"

	"atlasstream/pkg/atlas"
)

// Search is a search for measurements.
type Search struct {
	Words     []string // in lower case; each is part of the description, target or type, or a prefix of the ID
	Type      string   // any if empty
	AF        int      // any if 0
	Running   bool     // only those that may have further results
	Stopped   bool     // only those without further results
	NonPublic bool     // also those that are not public
}

// Matches reports whether a measurement matches of which only the ID is known.
func (s *Search) Matches(id atlas.MeasurementID) bool {
	return !s.Running && s.matches(&measurement{Measurement: atlas.Measurement{ID: id, Public: true}})
}

func (s *Search) matches(m *measurement) bool {
	switch {
	case !m.Public && !s.NonPublic, s.Type != "" && m.Type != s.Type, s.AF != 0 && m.AF != s.AF, s.Running && m.Stopped, s.Stopped && !m.Stopped:
		return false
	}
	return !slices.ContainsFunc(s.Words, func(word string) bool {
		return !strings.Contains(m.text, word) && !beginsID(m.ID, word)
	})
}

func beginsID(id atlas.MeasurementID, word string) bool {
	if word == "" || word[0] < '0' || word[0] > '9' {
		return false
	}
	var digits [20]byte
	return strings.HasPrefix(string(strconv.AppendInt(digits[:0], int64(id), 10)), word)
}

// Search examines up to look measurements after an ID, in the order of IDs, and returns up to most that match. A next search continues after goesOn; 0 means
// that there are no more.
func (c *Catalog) Search(search *Search, after atlas.MeasurementID, look, most int) (found []atlas.Measurement, goesOn atlas.MeasurementID) {
	ids := c.measurements.ids()
	begin, _ := slices.BinarySearch(ids, int64(after)+1)
	for i, id := range ids[begin:] {
		if i == look || len(found) == most {
			return found, goesOn
		}
		goesOn = atlas.MeasurementID(id)
		if known := c.measurements.get(id); known != nil && search.matches(known) {
			found = append(found, known.Measurement)
		}
	}
	return found, 0
}

// Lookup reports whether a measurement is known, and returns it if it matches the search.
func (c *Catalog) Lookup(id atlas.MeasurementID, search *Search) (found *atlas.Measurement, isKnown bool) {
	known := c.measurements.get(int64(id))
	if known == nil {
		return nil, c.measurements.overflowed.Load()
	}
	if search.matches(known) {
		found = &known.Measurement
	}
	return found, true
}
