package main

import (
	"context"
	"net"
)

// awaitAll returns when every part has begun, or ctx ends.
func awaitAll(ctx context.Context, parts ...<-chan struct{}) {
	for _, begun := range parts {
		select {
		case <-begun:
		case <-ctx.Done():
		}
	}
}

// urlOf is where a browser on this machine finds what listens at the address.
func urlOf(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return "http://" + address.String()
	}
	_, port, _ := net.SplitHostPort(address.String()) // a TCP address has one
	return "http://localhost:" + port
}
