package fanout

import (
	"errors"

	"atlasstream/services/gateway/internal/protocol"
)

// confirm tells the client that the membership begins, and if it is not where the client has got to, where it is instead. What stands before next in the
// log does not come, unless it is backlog.
func (m *membership) confirm(next int64) error {
	if m.gone == nil {
		return m.sayBegun(next)
	}
	words := protocol.Refuse(m.gone.Code, "%s; measurement %d begins anew with what comes from now on, from offset %d of partition %d: "+
		"what came in between is missing", m.gone.Words, m.wanted.Measurement, next, m.partition.number)
	if m.start != nil {
		words = protocol.Refuse(m.gone.Code, "%s; measurement %d begins anew with its backlog, from offset %d of partition %d: what came in between is missing, "+
			"and what has come already may come again", m.gone.Words, m.wanted.Measurement, m.start.from, m.partition.number)
	}
	return errors.Join(m.sayBegun(next), m.subscriber.complain(words))
}

// sayBegun confirms the membership, to those who hand it back with the cursor behind which all stands that is to come.
func (m *membership) sayBegun(next int64) error {
	encoding, known := m.subscriber.encoding.(StartEncoding)
	if !known || !m.wanted.Cursor.Wanted {
		return m.say(protocol.EventSubscribed)
	}
	start := m.partition.beginning(m, next)
	if m.partition.isPast && start.Replay == nil { // who comes back gets the replay from its start
		return m.say(protocol.EventSubscribed)
	}
	return m.subscriber.tell(encoding.EventAtStart(protocol.EventSubscribed, m.parameters, m.subscriber.hub.cursor(start)))
}

// cannotGoOn ends a replay before it begins whose client has come back by itself, if its cursor is gone: from its start, all would come twice. Whoever is
// told so by a refusal alone does not know of what.
func (m *membership) cannotGoOn(err error) error {
	gone := goneForOneWhoComesBack(m.wanted, err)
	if gone == nil {
		return err
	}
	words := protocol.Refuse(gone.Code, "%s; the replay of measurement %d cannot go on, and ends", gone.Words, m.wanted.Measurement)
	return errors.Join(m.say(protocol.EventSubscribed), m.subscriber.complain(words), m.sayOver())
}
