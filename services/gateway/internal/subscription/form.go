package subscription

// Form is how a record is written for a subscriber.
type Form struct {
	Projection Projection // the members that it is pruned to
	Enriched   bool       // with what the registry knows of the probe
	Buffered   bool       // in an array with others
	Cursor     bool       // with a cursor beside it
}

// wish is the form that a subscription wants, whatever the record.
type wish struct {
	fields                     Fields
	enriched, buffered, cursor bool
}

func (s *Subscription) wish() wish {
	return wish{fields: s.Fields, enriched: s.Enrich, buffered: s.Buffer, cursor: s.Cursor.Wanted}
}

// form is that of the subject's record.
func (w *wish) form(subject *Subject) Form {
	form := Form{Enriched: w.enriched, Buffered: w.buffered, Cursor: w.cursor}
	if !w.fields.all() {
		subject.work.Sets++
		form.Projection = subject.view(w.enriched).project(w.fields)
	}
	return form
}

// union is what the subscriptions of a subscriber that match a record want together: all that any of them wants, and an array only if all buffer.
type union struct {
	matches  bool
	every    bool     // members, of some subscription
	sets     []Fields // of the others
	enriched bool
	buffered bool
	cursor   bool
}

func (u *union) empty() { *u = union{sets: u.sets[:0], buffered: true} }

func (u *union) add(wanted *Subscription) {
	u.matches = true
	u.enriched = u.enriched || wanted.Enrich
	u.buffered = u.buffered && wanted.Buffer
	u.cursor = u.cursor || wanted.Cursor.Wanted
	switch {
	case wanted.Fields.all():
		u.every = true
	case !u.every && !u.hasLast(wanted.Fields):
		u.sets = append(u.sets, wanted.Fields)
	}
}

// hasLast tells whether a set was the last one to come, as most subscriptions of a client have the same.
func (u *union) hasLast(fields Fields) bool {
	return len(u.sets) > 0 && u.sets[len(u.sets)-1] == fields
}

// covers tells that a further subscription would change nothing.
func (u *union) covers(wanted *Subscription) bool {
	return u.matches && (u.every || u.hasLast(wanted.Fields)) &&
		(u.enriched || !wanted.Enrich) && (!u.buffered || wanted.Buffer) && (u.cursor || !wanted.Cursor.Wanted)
}

// form is that of the subject's record.
func (u *union) form(subject *Subject) Form {
	form := Form{Enriched: u.enriched, Buffered: u.buffered, Cursor: u.cursor}
	if !u.every {
		subject.work.Sets += len(u.sets)
		form.Projection = subject.view(u.enriched).project(u.sets...)
	}
	return form
}
