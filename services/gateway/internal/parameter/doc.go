// Package parameter reads the values of parameters as clients write them: as JSON, or as a string with it, as a query has. Its errors are *protocol.Error,
// with a text for the client that names the parameter, what came and what is allowed.
//
// # Files
//
// Each file calls only those below it.
//
//	query.go    parameters from a query; names in both styles
//	list.go     lists; several IDs
//	time.go     Unix seconds, Unix milliseconds, ISO 8601
//	address.go  addresses and prefixes
//	value.go    Value: its text, switches, numbers; errors
package parameter
