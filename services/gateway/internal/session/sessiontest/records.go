package sessiontest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"atlasstream/pkg/atlas"
)

// Record makes a record without a position.
func Record(stream atlas.Stream, measurement atlas.MeasurementID, probe atlas.ProbeID, value string) atlas.Record {
	return atlas.Record{Event: atlas.Event{Stream: stream, Measurement: measurement, Probe: probe, Type: "ping", Value: []byte(value)}}
}

// Result makes a short result.
func Result(measurement atlas.MeasurementID, probe atlas.ProbeID) atlas.Record {
	return Record(atlas.StreamResult, measurement, probe, fmt.Sprintf(`{"msm_id":%d,"prb_id":%d,"type":"ping","timestamp":1}`, measurement, probe))
}

// NumberedResult makes a result of measurement 1001 by the probe of a number.
func NumberedResult(number int) atlas.Record {
	return Record(atlas.StreamResult, 1001, atlas.ProbeID(number), fmt.Sprintf(`{"prb_id":%d}`, number))
}

// Ping makes a result of measurement 1001 of a kilobyte.
func Ping(lts int) atlas.Record {
	value := fmt.Appendf(nil, `{"fw":5100,"mver":"2.6.2","lts":%d,"dst_name":"k.root-servers.net","af":4,"dst_addr":"193.0.14.129","src_addr":"192.168.1.17",`+
		`"proto":"ICMP","ttl":55,"size":48,"result":[`, lts)
	for i := range 16 {
		if i > 0 {
			value = append(value, ',')
		}
		value = fmt.Appendf(value, `{"rtt":%d.498,"x":"*","dup":1,"ttl":%d}`, i+10, i+40)
	}
	value = append(value, `],"dup":0,"rcvd":3,"sent":3,"min":15.498,"max":16.9,"avg":16.1,"msm_id":1001,"prb_id":7,"timestamp":1787541897,`+
		`"msm_name":"Ping","from":"192.0.2.17","type":"ping","group_id":1001,"step":240,"stored_timestamp":1787541999}`...)
	return Record(atlas.StreamResult, 1001, 7, string(value))
}

// ResultOfLength makes a result of measurement 1001 with so many numbers in one of its members, of eight bytes each.
func ResultOfLength(numbers int) atlas.Record {
	return Record(atlas.StreamResult, 1001, 7, `{"prb_id":7,"result":[`+strings.TrimSuffix(strings.Repeat(`{"a":1},`, numbers), ",")+`]}`)
}

// MeasurementObject makes the metadata of a measurement.
func MeasurementObject(measurement atlas.MeasurementID, public bool) atlas.Record {
	return Record(atlas.StreamMetadata, measurement, 0, fmt.Sprintf(`{"id":%d,"type":"ping","is_public":%t}`, measurement, public))
}

// Records makes records of now for a Log, which gives them values and offsets.
func Records(count int, measurement atlas.MeasurementID, probe atlas.ProbeID) []atlas.Record {
	records := make([]atlas.Record, count)
	for i := range records {
		records[i].Measurement, records[i].Probe, records[i].Time = measurement, probe, time.Now()
	}
	return records
}

// RecordsFrom gives the records from an offset on, of some in the order of offsets.
func RecordsFrom(records []atlas.Record, offset int64) []atlas.Record {
	at, _ := slices.BinarySearchFunc(records, offset, func(r atlas.Record, offset int64) int { return int(r.Position.Offset - offset) })
	return records[at:]
}

// Offsets reads the offsets in the payload of a result of a Log, and its measurement.
func Offsets(payload string) (measurement atlas.MeasurementID, offsets []int64) {
	for part := range strings.SplitSeq(strings.Trim(payload, "[]"), "},") {
		_, number, _ := strings.Cut(part, `"offset":`)
		offsets = append(offsets, mustParse(strings.TrimRight(number, "}")))
		_, id, _ := strings.Cut(part, `"msm_id":`)
		id, _, _ = strings.Cut(id, ",")
		measurement = atlas.MeasurementID(mustParse(id))
	}
	return measurement, offsets
}

func mustParse(text string) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err) // a Log has written it
	}
	return number
}

// probeEnricher is an enricher that is easy to see: it adds a member "probe".
type probeEnricher string

// Enrich implements subscription.Enricher.
func (e probeEnricher) Enrich(record *atlas.Record) []byte {
	return append(slices.Clone(record.Value[:len(record.Value)-1]), `,"probe":`+string(e)+`}`...)
}
