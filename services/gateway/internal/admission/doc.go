// Package admission bounds what one address of the network may use of a gateway.
package admission
