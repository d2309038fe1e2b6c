// Package subscription is the language in which clients say what they want: it reads a subscription, tells which records it matches and how they are to be
// written, and finds the subscriptions that a record may concern. It is pure.
//
// # When a record matches
//
// A subscription matches a record of its stream if the measurement and the probe are those that it names, and every one of its conditions holds.
//
//   - type: the record is of this type.
//   - An address or a prefix: one of the addresses that the record has in this role is the host, or is in the prefix. An IPv4 address mapped into IPv6 is the
//     IPv4 address. Bits behind a prefix's length do not matter.
//   - equalsTo: one of the values of the member is one of the alternatives. Two values are equal if their texts are: of a string what is between its quotes,
//     of a number, true, false and null how JSON writes it. Where both texts are decimal numbers, they are equal if the numbers are,
//     to the last digit. Numbers of more than 200 bytes count as the float64 nearest to them.
//   - lessThan, greaterTo: one of the values of the member is a number, or a string with a number, less or greater than the given one.
//
// A record that has not got the member fulfils no condition about it. With enrichProbes, conditions are asked of the enriched record.
//
// A member is named by its path: names joined with dots. On an array, a path goes on in each of its elements, and an array at the path's end has its elements
// for values. Where several members of an object fit, because names have dots too, the longest name wins; of members of the same name, the last. Containers
// that lie deeper than 32 in one another are not looked into.
//
// # When two subscriptions are the same
//
// Two subscriptions are the same if they ask for the same: the same stream, measurement and probe, the same conditions in any order, the same set of
// acceptedFields, the same enrichProbes and buffering, and a cursor or none. Where they begin does not matter: startTime, endTime, speed, sendBacklog and
// which cursor. It does not matter in which order and style the parameters come, nor how a value is spelled: 4,
// "4" and "4.0"; alternatives in any order, between spaces or in a list; 200/8 and 200.0.0.0/8; a host and the prefix that has only it. What a parameter
// has when it is missing may also be given. Key is the same for the same.
package subscription
