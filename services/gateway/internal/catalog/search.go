package catalog

import (
	"slices"
	"strconv"
	"strings"

	"atlasstream/pkg/atlas"
)

// Search says which measurements are looked for.
type Search struct {
	Words     []string // in small letters; each stands in the description, the target or the type, or begins the ID
	Type      string   // any if empty
	AF        int      // any if 0
	Running   bool     // only those of which results may come
	Stopped   bool     // only those of which none are to come
	NonPublic bool     // those that are not public as well
}

// Matches tells whether a measurement of which only the ID is known is looked for.
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

// Search looks at so many measurements after one, in the order of IDs, and gives up to a number of those that are looked for. Goes on says after which one
// to go on; 0: there are no more.
func (r *Registry) Search(search *Search, after atlas.MeasurementID, look, most int) (found []atlas.Measurement, goesOn atlas.MeasurementID) {
	ids := r.measurements.ids()
	begin, _ := slices.BinarySearch(ids, int64(after)+1)
	for i, id := range ids[begin:] {
		if i == look || len(found) == most {
			return found, goesOn
		}
		goesOn = atlas.MeasurementID(id)
		if known := r.measurements.get(id); known != nil && search.matches(known) {
			found = append(found, known.Measurement)
		}
	}
	return found, 0
}

// Look tells whether a measurement is known, and gives it if it is looked for.
func (r *Registry) Look(id atlas.MeasurementID, search *Search) (found *atlas.Measurement, isKnown bool) {
	known := r.measurements.get(int64(id))
	if known == nil {
		return nil, r.measurements.overflew.Load()
	}
	if search.matches(known) {
		found = &known.Measurement
	}
	return found, true
}
