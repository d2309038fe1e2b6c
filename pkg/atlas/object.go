package atlas

import "strconv"

// Object is what a registry says of a probe or of a measurement: an object in the shape of RIPE's API, on one line. The last one of an ID counts.
type Object struct {
	ID       int64
	Value    []byte // empty: the object was deleted
	Position Position
}

// Key gives the Kafka key under which the object stands: its ID in decimal digits.
func (o *Object) Key() string { return strconv.FormatInt(o.ID, 10) }

// ProbeObject makes an object of what ParseProbe accepts. Its value is raw itself, on one line.
func ProbeObject(raw []byte) (Object, error) {
	probe, err := ParseProbe(raw)
	if err != nil {
		return Object{}, err
	}
	return newObject(int64(probe.ID), raw)
}

// MeasurementObject makes an object of what ParseMeasurement accepts. Its value is raw itself, on one line.
func MeasurementObject(raw []byte) (Object, error) {
	measurement, err := ParseMeasurement(raw)
	if err != nil {
		return Object{}, err
	}
	return newObject(int64(measurement.ID), raw)
}

func newObject(id int64, raw []byte) (Object, error) {
	value, err := oneLine(raw)
	return Object{ID: id, Value: value}, err
}
