// Package condition tells whether a record fulfils what a subscription asks for beside its measurement and its probe. It is pure.
//
//   - OfType: the record is of a type.
//   - Since: it is of a time or later.
//   - InPrefix: one of the record's addresses with a role is in a prefix. An IPv4-mapped IPv6 address is the IPv4 address.
//   - Equals: one of the values of a member equals one of several alternatives.
//   - Less, Greater: one of the values of a member is a number, or a string with a number, less or greater than a bound.
//
// Package jsonpath defines which values a member has, and scalar which of them are equal. A record without a member fulfils no condition about it.
//
// # Files
//
// Each file calls only those below it.
//
//	condition.go     Condition; of a type, since a time
//	comparison.go    Equals, Less, Greater
//	prefixfilter.go  InPrefix: the addresses of a record by their roles
//	value.go         Value: a record's value with what conditions have found in it
package condition
