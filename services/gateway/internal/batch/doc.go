// Package batch has records wait for a moment, so that they are sent to a client as one array: the records of a stream, and where the array has a cursor, of
// one measurement of it. What a client gets keeps its order: records that are not to wait come after those that do.
//
//   - oftarget.go: the batches into which one source's records for a client come.
//   - ofclient.go: the batches of a client.
//   - batch.go: one array, from its first record until it is sent.
package batch
