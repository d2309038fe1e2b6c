// Package socketio is a Socket.IO server: packets of revision 4 (clients 1.x and 2.x, over Engine.IO 3) and of revision 5 (clients 3.x and 4.x, over
// Engine.IO 4).
//
// The protocol is that of github.com/socketio/socket.io-protocol; where it is ambiguous, this package does what the reference server
// (socket.io 4) does. It does not know which events its embedder sends and receives.
package socketio
