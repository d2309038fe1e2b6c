package subscription

// Form is how a message is written for a subscriber.
type Form struct {
	Fields   Fields // the members that it is pruned to
	Enriched bool   // with what the registry knows of the probe
	Buffered bool   // in an array with others
	Cursor   bool   // with a cursor beside it
}

// union is the form of a message that two subscriptions of a subscriber match: all that either wants, and an array only if both buffer.
func (f Form) union(other Form) Form {
	return Form{
		Fields: f.Fields.union(other.Fields), Enriched: f.Enriched || other.Enriched, Buffered: f.Buffered && other.Buffered, Cursor: f.Cursor || other.Cursor,
	}
}

// covers tells that a form is its own union with another.
func (f Form) covers(other Form) bool {
	return (f.Fields.all() || f.Fields == other.Fields) && (f.Enriched || !other.Enriched) && (!f.Buffered || other.Buffered) && (f.Cursor || !other.Cursor)
}

// unions remember what was united before: which subscriptions match is different from record to record.
type unions map[[2]Form]Form

const maxUnions = 64

func (u *unions) of(form, other Form) Form {
	pair := [2]Form{form, other}
	union, known := (*u)[pair]
	if known {
		return union
	}
	if *u == nil || len(*u) >= maxUnions {
		*u = make(unions)
	}
	union = form.union(other)
	(*u)[pair] = union
	return union
}
