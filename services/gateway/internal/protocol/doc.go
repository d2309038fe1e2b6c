// Package protocol declares what goes over the wire besides records: the names of events, the codes of errors, and the error that a client is told.
//
// Names of events and codes are part of the contract with clients: they stay when the words behind a code change.
package protocol
