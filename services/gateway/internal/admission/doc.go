// Package admission bounds what one address of the network may use of a gateway, and finds out which address a client comes from.
package admission
