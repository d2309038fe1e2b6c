// Package ratelimit bounds what one address of the network may use of a gateway.
package ratelimit
