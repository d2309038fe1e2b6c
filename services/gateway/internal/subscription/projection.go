package subscription

import "atlasstream/services/gateway/internal/jsonpath"

// Projection is how a record is written for a subscriber.
type Projection struct {
	Members  jsonpath.Selection // that the record is pruned to
	Enriched bool               // with what the catalog knows of the probe
	Buffered bool               // in an array with others
	Cursor   bool               // with a cursor beside it
}

// projection is that of any record, without Members.
func (s *Subscription) projection() Projection {
	return Projection{Enriched: s.Enrich, Buffered: s.Buffer, Cursor: s.Cursor.Wanted}
}

// union is what the subscriptions of a subscriber that match a record ask for together: every member that any of them asks for, and arrays only if all buffer.
type union struct {
	Projection
	matches  bool
	keepsAll bool     // some subscription asks for all members
	sets     []Fields // then: the zero value alone
	quotas   []*Quota // from which the record takes
}

func (u *union) reset() {
	*u = union{Projection: Projection{Buffered: true}, sets: u.sets[:0], quotas: u.quotas[:0]}
}

func (u *union) add(added *Subscription) {
	u.matches = true
	u.noteQuota(added)
	u.Enriched = u.Enriched || added.Enrich
	u.Buffered = u.Buffered && added.Buffer
	u.Cursor = u.Cursor || added.Cursor.Wanted
	switch {
	case u.keepsAll:
	case added.Fields.KeepsAll():
		u.keepsAll, u.sets = true, append(u.sets[:0], Fields{})
	case !u.hasLast(added.Fields):
		u.sets = append(u.sets, added.Fields)
	}
}

// hasLast tells whether a set was the last one to be added: most subscriptions of a client have the same.
func (u *union) hasLast(fields Fields) bool {
	return len(u.sets) > 0 && u.sets[len(u.sets)-1] == fields
}

// covers tells whether a further subscription would change nothing.
func (u *union) covers(further *Subscription) bool {
	return !further.Quota.IsBounded() && u.matches && (u.keepsAll || u.hasLast(further.Fields)) &&
		(u.Enriched || !further.Enrich) && (!u.Buffered || further.Buffer) && (u.Cursor || !further.Cursor.Wanted)
}
