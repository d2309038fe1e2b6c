package subscription

import "atlasstream/services/gateway/internal/jsonpath"

// Projection is how a record is written for a subscriber.
type Projection struct {
	Members  jsonpath.Selection // that the record is pruned to
	Enriched bool               // with what the catalog knows of the probe
	Buffered bool               // in an array with others
	Cursor   bool               // with a cursor beside it
}

// union is what the subscriptions of a subscriber that match a record ask for together: every member that any of them asks for, and arrays only if all buffer.
type union struct {
	matches    bool
	allMembers bool     // some subscription asks for
	sets       []Fields // of the others
	enriched   bool
	buffered   bool
	cursor     bool
}

func (u *union) clear() { *u = union{sets: u.sets[:0], buffered: true} }

func (u *union) add(added *Subscription) {
	u.matches = true
	u.enriched = u.enriched || added.Enrich
	u.buffered = u.buffered && added.Buffer
	u.cursor = u.cursor || added.Cursor.Wanted
	switch {
	case added.Fields.KeepsAll():
		u.allMembers = true
	case !u.allMembers && !u.hasLast(added.Fields):
		u.sets = append(u.sets, added.Fields)
	}
}

// hasLast tells whether a set was the last one to be added: most subscriptions of a client have the same.
func (u *union) hasLast(fields Fields) bool {
	return len(u.sets) > 0 && u.sets[len(u.sets)-1] == fields
}

// covers tells whether a further subscription would change nothing.
func (u *union) covers(further *Subscription) bool {
	return u.matches && (u.allMembers || u.hasLast(further.Fields)) &&
		(u.enriched || !further.Enrich) && (!u.buffered || further.Buffer) && (u.cursor || !further.Cursor.Wanted)
}

// projection gives the projection of the view's record.
func (u *union) projection(view *RecordView) Projection {
	projection := Projection{Enriched: u.enriched, Buffered: u.buffered, Cursor: u.cursor}
	if !u.allMembers {
		projection.Members = view.selectMembers(u.enriched, u.sets)
	}
	return projection
}
