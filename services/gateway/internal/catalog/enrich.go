package catalog

import "atlasstream/pkg/atlas"

// unknownStatus is that of a probe in the past, where no event tells it.
const unknownStatus = `"status_id":null,"status_name":null,"status_since":null`

// Enrich gives a record's value with a last member "probe": the registry's object of the record's probe, its status brought up to date by the newest
// connection event of the last 24 hours, or by the record if that is a newer one. An object whose own status is newer than the events keeps it;
// first_connected and total_uptime are always the object's. A member "probe" that the value has is left out. The value comes back as it is if the
// registry does not know the probe.
func (r *Registry) Enrich(record *atlas.Record) []byte {
	known := r.probes.get(int64(record.Probe))
	if known == nil {
		return record.Value
	}
	newest, found := r.connections.get(record.Probe)
	if own, isConnection := ownConnection(record); isConnection && (!found || own.isAfter(newest)) {
		newest, found = own, true
	}
	if !found || known.since.After(newest.at) {
		return withProbe(record.Value, known, known.status)
	}
	var status [96]byte
	return withProbe(record.Value, known, newest.appendStatus(status[:0]))
}

// EnrichPast is Enrich for a record of the past, whatever happened since: the status is what the record itself says, and null if it is no connection
// event. All else is as the registry has it now.
func (r *Registry) EnrichPast(record *atlas.Record) []byte {
	known := r.probes.get(int64(record.Probe))
	if known == nil {
		return record.Value
	}
	var status [96]byte
	if own, isConnection := ownConnection(record); isConnection {
		return withProbe(record.Value, known, own.appendStatus(status[:0]))
	}
	return withProbe(record.Value, known, append(status[:0], unknownStatus...))
}

// ownConnection is what a record itself says of its probe's connection. Most are results and say nothing.
func ownConnection(record *atlas.Record) (own connection, says bool) {
	if !isConnection(record) {
		return own, false
	}
	own, err := connectionOf(record)
	return own, err == nil
}
