// Package subscription parses what clients ask for, tells which records match it and how they are to be written, and finds the subscriptions that a record
// may match. It is pure.
//
// # When a record matches
//
// A subscription matches a record of its stream if the record is of the measurement and the probe that it names, and fulfils all its conditions (package
// condition). With enrichProbes, conditions are evaluated on the enriched record.
//
// # When two subscriptions are the same
//
// Two subscriptions are the same, and have the same Key, if they ask for the same: the same stream, measurements and probes, the same conditions in any order,
// the same set of acceptedFields, the same enrichProbes, buffering, limit and duration, and a cursor or none. Where they begin does not matter: startTime,
// endTime, speed, since, sendBacklog and which cursor. Nor does the order and style of the parameters, or the spelling of values: 4, "4" and "4.0";
// alternatives in any order, between spaces or in an array; 200/8 and 200.0.0.0/8; a host and the prefix with it only. A parameter with its default is the
// same as none.
//
// # Files
//
// Each file calls only those below it.
//
//	parse.go           Parse: the parameters by name, and what several mean together
//	acceptedfields.go  acceptedFields
//	comparison.go      equalsTo, lessThan, greaterTo; addresses and prefixes
//	replay.go          startTime, endTime, speed
//	begin.go           since, cursor
//	lists.go           several measurements and probes; the parts that they stand for
//	index.go           Index: which subscriptions a record may match
//	candidate.go       Candidate: the subscriptions of one subscriber that a record may match
//	projection.go      Projection: how a record is written
//	quota.go           limit, duration; Quota: how many records still come
//	subscription.go    Subscription, Key
//	recordview.go      RecordView: a record, with what was found in it
package subscription
