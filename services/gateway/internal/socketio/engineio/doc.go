// Package engineio is a server of Engine.IO, revisions 3 and 4: the layer below Socket.IO that opens sessions, keeps them alive and carries messages,
// by long-polling, by WebSocket, and by the one until the client has moved to the other.
//
// The protocols are those of github.com/socketio/engine.io-protocol, branches v3 and main; where they leave something open, it does what the
// reference server (engine.io 6) does. Everything that is sent goes through a queue, which a WebSocket session writes to its connection and which
// polls take from. gorilla/websocket makes the handshake and reads.
package engineio
