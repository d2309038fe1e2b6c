// Package passon passes on requests of sessions that another gateway holds, so that a load balancer need not know which one that is.
//
// A session ID says which gateway has made it. A request with the ID of a known peer goes there as it came, over HTTP with a signature and the client's
// address; its answer goes back as it comes. A WebSocket becomes a tunnel for the rest of the session. All else, forged IDs and those of gateways that are gone
// among them, is answered here, by the handler behind, which does not know the session. A peer answers itself what is passed on to it and never passes it on.
//
// Its files, from the request down:
//
//	handler.go   which requests to pass on, and how many at once
//	attempt.go   passing on one request: to whom, how long to wait, what to answer if that fails
//	reroute.go   a gateway that stops: having clients come through other gateways
//	peer.go      the connections to peers, and the handler of what they pass on
//	tunnel.go    a WebSocket's bytes in both directions
//	response.go  writing the answer to the client, each part within a time
//	metrics.go   how many, and with which result
package passon
