// Package endpoint is where clients connect: Socket.IO, the plain WebSocket and plain HTTP. The endpoints differ in how a client connects and how events are
// encoded. The limits, authentication and session of a client are the same for all.
//
// Its files, from a client's connection down; calls go down as well:
//
//	socketio.go             the Socket.IO endpoint
//	socketiorecovery.go     recovering the subscriptions of a Socket.IO client that reconnects
//	stream.go               /stream/: WebSocket or plain HTTP
//	websocket.go            the WebSocket endpoint
//	heartbeat.go            pings to WebSocket clients
//	httpstream.go           the plain HTTP endpoint
//	streamquery.go          its query, and the last event ID of a client that reconnects
//	streamclient.go         writing the body of a stream
//	acceptor.go             what all clients pass: limits, authentication, a session
//	authentication.go       the token of a client
//	connection.go           a connected client, and the limit of its messages
//	clientevents.go         the events that a client sends, and the responses
//	clientsession.go        what one client subscribes to, within its limits
//	tokensessions.go        disconnecting clients when their token is revoked or changed
//	connectionstatistics.go clients that come, are there, and go
//	departure.go            why a client has disconnected
//	clientinfo.go           who a client is, in logs and metrics
//	format.go               which format a stream's body has
//	ndjson.go               NDJSON
//	sse.go                  Server-Sent Events
//	errors.go               errors for clients, and their HTTP status
//	jsonarray.go            an event as a JSON array
package endpoint
