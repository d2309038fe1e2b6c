// Package door is where clients come in: Socket.IO and the plain WebSocket. The doors differ in how a client connects and how events are written;
// what a client may say, and what it is told, is the session's, which is the same for all.
package door
