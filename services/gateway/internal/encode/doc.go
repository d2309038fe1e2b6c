// Package encode makes the messages of events: an Encoding is how an endpoint writes them, and an Encoder encodes a record once for all that get the same
// bytes.
//
//   - encoder.go: a record is encoded.
//   - encoding.go: what an endpoint does for that.
package encode
