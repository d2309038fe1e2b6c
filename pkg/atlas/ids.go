package atlas

import "strconv"

// MeasurementID numbers a measurement of RIPE Atlas; built-in ones are small (1001, 5001), users' ones large.
type MeasurementID int64

// ProbeID numbers a probe of RIPE Atlas.
type ProbeID int64

// MaxID is the greatest measurement or probe ID that is accepted: every JSON reader, JavaScript's included, holds it exactly.
const MaxID = 1<<53 - 1

// ConnectionMeasurement is RIPE's measurement of the connections between probes and controllers; its results are the probe-status events.
const ConnectionMeasurement MeasurementID = 7000

// Key gives the Kafka key under which a measurement's records stand: its ID in decimal digits.
func (id MeasurementID) Key() string { return strconv.FormatInt(int64(id), 10) }
