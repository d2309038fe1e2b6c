// Package endpoint is where clients come in: Socket.IO, the plain WebSocket and plain HTTP. The doors differ in how a client connects and how events are
// written. Who a client is, what it may do, what it may say and what it is told is the reception's and the session's, which are the same for all.
package endpoint
