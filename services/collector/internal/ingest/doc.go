// Package ingest takes records from clients over HTTP and gRPC, in bounded memory, and hands them to a publisher.
//
// Each file calls only those below it:
//
//   - http.go: the handler of POST and PUT, which publishes a body batch by batch
//   - body.go: decompression, with limits on length and ratio
//   - pacedbody.go: the deadline of a body, by which a slow client is refused
//   - crosssite.go: refusal of what web pages send
//   - grpcserver.go: the gRPC server and its health service
//   - grpccall.go: limits of a gRPC request before its message is decoded
//   - grpc.go: the methods of ingest.v1
//   - connectionage.go: the end of old connections
//   - intake.go: a batch on its way to the publisher, over either protocol
//   - refusal.go: answers other than 200, and when to retry
//   - sender.go: whose a request is
//   - load.go, pool.go: limits, and the slots and memory that all requests share, by source
//   - metrics.go: requests by path, method and status
package ingest
