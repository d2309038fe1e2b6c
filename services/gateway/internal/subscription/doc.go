// Package subscription parses what clients ask for, tells which records match it and how they are to be written, and finds the subscriptions that a record
// may match. It is pure.
//
// # When a record matches
//
// A subscription matches a record of its stream if the record is of the measurement and the probe that it names, and fulfils all its conditions.
//
//   - type: the record is of this type.
//   - An address or a prefix: one of the record's addresses with this role is the host, or is in the prefix. An IPv4-mapped IPv6 address is the IPv4
//     address. Bits after a prefix's length do not matter.
//   - equalsTo: one of the values of the member equals one of the alternatives. Two values are equal if their texts are: of a string what is between its
//     quotes, of a number, true, false and null how JSON writes it. If both texts are decimal numbers, they are equal if the numbers are, to the last
//     digit. Numbers of more than 200 bytes count as the float64 nearest to them.
//   - lessThan, greaterTo: one of the values of the member is a number, or a string with a number, less or greater than the given one.
//
// A record without a member fulfils no condition about it. With enrichProbes, conditions are evaluated on the enriched record. Package jsonpath defines which
// values a member has.
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
//	rewrite.go         parameters from a query, or without their cursor
//	parse.go           Parse: the parameters by name, and what several mean together
//	acceptedfields.go  acceptedFields
//	comparison.go      equalsTo, lessThan, greaterTo
//	since.go           since
//	replay.go          startTime, endTime, speed
//	cursor.go          cursor
//	lists.go           several measurements and probes; the parts that they stand for
//	cost.go            what a subscription costs for each record, and in memory
//	index.go           Index: which subscriptions a record may match
//	candidate.go       Candidate: the subscriptions of one subscriber that a record may match
//	projection.go      Projection: how a record is written
//	limit.go           limit, duration; Quota: how many records still come
//	subscription.go    Subscription, Key
//	prefixfilter.go    addresses and prefixes
//	parameter.go       parameters of one kind, numbers in them; errors
//	condition.go       the other conditions
//	recordview.go      RecordView: a record, with what was found in it
//	lazyvalue.go       its value, as it came in or enriched
//	alternatives.go    sets of values
//	scalar.go          a value as conditions compare it
//	decimal.go         numbers of many digits
package subscription
