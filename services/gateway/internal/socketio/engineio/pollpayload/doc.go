// Package pollpayload encodes and decodes the bodies of Engine.IO long-polling, which carry several packets in one request or response. It does no I/O.
//
// The formats are those of github.com/socketio/engine.io-protocol, branches v3 and main, and of the parsers that clients really use: engine.io-parser 1.2
// (socket.io-client 1.4), 1.3 (1.7), 2.x (2.x) and 5 (3.x and 4.x), python-engineio 3 and 4, and socketIO-client (ripe.atlas.cousteau up to 1.4.2).
//
// # Characters beyond ASCII in revision 3
//
// In its text form, engine.io-parser 1.x encodes text as UTF-8, and then its transport does so again; 2.x omits the first step; nothing distinguishes the two
// explicitly, and each misreads what the other sends. In the binary form, all of them encode once.
//
// What is sent is therefore ASCII: in a packet whose text is JSON, after the digits and the namespace of Socket.IO, other characters are
// escaped as \uXXXX, those outside of the Basic Multilingual Plane as two of them. Text that is not JSON cannot be escaped: it is sent unchanged, in UTF-8,
// which the specification asks for, and which parsers 1.x can read in the binary form only.
//
// What is received in the text form is taken as encoded twice if its packets hold characters beyond ASCII, and each such packet consists only of characters
// up to U+00FF which, read as bytes, are UTF-8. One packet of which this is not so shows that the whole body was encoded once. The rule errs only where a
// client of the second kind sends such text itself: letters with an accent, each followed by the right number of signs from U+0080 to U+00BF, and nothing else
// beyond ASCII ("É©"). The bytes of that body are also those of a client of the first kind that sends "ɩ".
package pollpayload
