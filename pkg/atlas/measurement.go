package atlas

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Measurement is what the registry says of a measurement of RIPE Atlas. Zero values stand for what it does not say.
type Measurement struct {
	ID              MeasurementID
	Type            string // "ping", …
	Description     string
	Target          string // a host's name or address
	AF              int    // address family, 4 or 6
	Public          bool   // unless the registry says otherwise
	Stopped         bool   // there will be no more results
	StatusID        int    // StatusUnknown where the registry does not say it
	StatusName      string // "Ongoing", …
	Start, Stop     time.Time
	Interval        time.Duration // between two results of a probe
	Oneoff          bool          // each probe gives one result
	Participants    int           // probes that take part
	ProbesRequested int           // probes that were asked for; RIPE has negative ones for "all"
}

// StatusUnknown is the StatusID of a measurement whose status the registry does not tell.
const StatusUnknown = -1

// Statuses of a measurement, by ID: 0 specified, 1 scheduled, 2 ongoing, 4 stopped, 5 forced to stop, 6 no suitable probes, 7 failed, 8 denied (archived
// in older documentation), 9 cancelled. From statusStopped on, there are no more results. The source are RIPE's clients: ripe.atlas.tools
// (commands/measurement_search.py) counts 4 to 7 as stopped, goat (measurements.go) names 8 and 9.
const (
	statusStopped  = 4
	statusCanceled = 9
)

// maxInterval is a hundred years, in seconds: what a time.Duration holds.
const maxInterval = 100 * 366 * 86400

// stoppedNames are the names of these statuses, for objects without an ID; in lower case and without spaces, in which sources differ.
var stoppedNames = []string{"stopped", "forcedtostop", "forcedstop", "nosuitableprobes", "failed", "denied", "archived", "canceled", "cancelled"}

// ParseMeasurement reads a measurement as RIPE's API, version 2, gives it (/api/v2/measurements/). Only id is required, and a measurement without is_public
// is public. A member must be of its type: the error names the member, its value and what is allowed.
func ParseMeasurement(value []byte) (Measurement, error) {
	measurement := Measurement{Public: true, StatusID: StatusUnknown}
	if err := measurementMembers.read(&measurement, value); err != nil {
		return Measurement{}, err
	}
	if measurement.ID == 0 {
		return Measurement{}, errNoID
	}
	measurement.Stopped = isStopped(measurement.StatusID, measurement.StatusName)
	return measurement, nil
}

// MeasurementObject returns the Object of a measurement that ParseMeasurement accepts. Its value is raw, on one line.
func MeasurementObject(raw []byte) (Object, error) {
	measurement, err := ParseMeasurement(raw)
	if err != nil {
		return Object{}, err
	}
	return newObject(int64(measurement.ID), raw)
}

func isStopped(id int, name string) bool {
	if id != StatusUnknown {
		return statusStopped <= id && id <= statusCanceled
	}
	return slices.Contains(stoppedNames, strings.ToLower(strings.ReplaceAll(name, " ", "")))
}

var measurementMembers = memberReaders[Measurement]{
	"id": func(m *Measurement, value []byte) error {
		id, err := objectID(value)
		m.ID = MeasurementID(id)
		return err
	},
	"type": (*Measurement).takeType,
	// Nothing depends on these: values of another type count as unknown.
	"description": func(m *Measurement, value []byte) error { return textIfAny(&m.Description, value) },
	"target":      func(m *Measurement, value []byte) error { return textIfAny(&m.Target, value) },
	"target_ip":   (*Measurement).takeTargetAddress,
	"af":          (*Measurement).takeAF,
	"is_public": func(m *Measurement, value []byte) (err error) {
		m.Public, err = boolean(value)
		return err
	},
	"status":     (*Measurement).takeStatus,
	"start_time": func(m *Measurement, value []byte) error { return timestamp(&m.Start, value) },
	"stop_time":  func(m *Measurement, value []byte) error { return timestamp(&m.Stop, value) },
	"interval": func(m *Measurement, value []byte) error {
		seconds, err := wholeNumber(value, 0, maxInterval)
		m.Interval = time.Duration(seconds) * time.Second
		return err
	},
	"is_oneoff": func(m *Measurement, value []byte) (err error) {
		m.Oneoff, err = boolean(value)
		return err
	},
	"participant_count": func(m *Measurement, value []byte) error { return count(&m.Participants, value) },
	"probes_requested":  func(m *Measurement, value []byte) error { return count(&m.ProbesRequested, value) },
}

var measurementStatusMembers = memberReaders[Measurement]{
	"id":   func(m *Measurement, value []byte) error { return count(&m.StatusID, value) },
	"name": func(m *Measurement, value []byte) error { return text(&m.StatusName, value) },
}

func (m *Measurement) takeStatus(value []byte) error {
	if jsontext.Value(value).Kind() == '{' {
		return measurementStatusMembers.read(m, value)
	}
	return count(&m.StatusID, value)
}

var typeMembers = memberReaders[Measurement]{
	"name": func(m *Measurement, value []byte) error { return text(&m.Type, value) },
	"af":   (*Measurement).takeAF,
}

// takeType reads the type, which was an object {"id", "name", "af"} in older versions of the API.
func (m *Measurement) takeType(value []byte) error {
	read := typeMembers["name"]
	if jsontext.Value(value).Kind() == '{' {
		read = typeMembers.read
	}
	if err := read(m, value); err != nil {
		return err
	}
	m.Type = internType([]byte(m.Type))
	return nil
}

// takeTargetAddress takes the address as the target if the object has no target, in whichever order the members come.
func (m *Measurement) takeTargetAddress(value []byte) error {
	if m.Target == "" {
		return textIfAny(&m.Target, value)
	}
	return nil
}

func (m *Measurement) takeAF(value []byte) error {
	if text := string(value); text == "4" || text == "6" {
		m.AF = int(text[0] - '0')
	}
	return nil
}

func count(into *int, value []byte) error {
	number, err := wholeNumber(value, -1, 1<<31-1)
	*into = int(number)
	return err
}
