// Package api serves what pages and tools ask for besides the stream: GET /api/…, as openapi.yaml describes it.
//
//   - outageupdates.go: outages as server-sent events, one for each revision.
//   - logsample.go: which measurements the ends of the log's partitions have.
//   - volume.go: /api/volume.
//   - answercache.go: answers that are expensive, shared by the clients that ask for the same.
//   - api.go: the paths, and one request: admission, deadline, metrics, shutdown.
//   - connections.go: /api/connections.
//   - errors.go: from an error to a code and a status.
//   - gateway.go: /api/gateway.
//   - log.go: what the API reads of the log, and the bounds of partitions.
//   - outages.go: /api/outages.
//   - measurement.go: /api/measurements/{id}.
//   - measurementends.go: the first and the last record of a measurement.
//   - measurements.go: /api/measurements.
//   - outagestream.go: writing the server-sent events of outages.
//   - probes.go: /api/probes.
//   - responsewriter.go: a response with its status and its deadline.
//   - answer.go: encoding, charging, compressing and writing an answer.
//   - historypolicy.go: who may read history, and how far back.
//   - query.go: a request and its parameters.
package api
