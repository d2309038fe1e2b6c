// Package engineio is a server of Engine.IO, revisions 3 and 4: the layer below Socket.IO that opens sessions, keeps them alive and carries messages, by
// long-polling, by WebSocket, or by long-polling until the client has upgraded to a WebSocket.
//
// The protocols are those of github.com/socketio/engine.io-protocol, branches v3 and main; where they are ambiguous, it does what the reference server
// (engine.io 6) does. All outgoing messages go through a queue, which a WebSocket session writes to its connection and which polls take from.
// gorilla/websocket makes the handshake and reads.
//
// Its files, from the request down; calls go down as well:
//
//	server.go       Server: the sessions, and which handler a request is for
//	open.go         opening a session
//	post.go         a POST of a polling client
//	upgrade.go      moving from polling to a WebSocket
//	websocket.go    reading from a WebSocket
//	receive.go      handling a packet
//	poll.go         a GET of a polling client
//	session.go      Session, and what its embedder calls
//	heartbeat.go    pings, and clients that are silently gone
//	admission.go    the limits of a client's messages, which the embedder sets
//	handshake.go    the query of a request: transport, session, revision
//	config.go       settings and their defaults
//	closing.go      why and how a session ends
//	packet.go       packets
//	response.go     refusals, and writing responses
//	polling.go      the state of polls, posts and an upgrade
//	payloadmode.go  the bodies that a client reads: text or binary
//	inbox.go        packets that wait for the conversation
//
// Package pollpayload encodes and decodes the bodies of polling, such as the binary ones of revision 3.
package engineio
