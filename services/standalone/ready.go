package main

import (
	"context"
	"net"
	"net/http"
	"time"
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

// awaitReady tells whether the address has answered 200 before ctx ended.
func awaitReady(ctx context.Context, url string) bool {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for !answers(ctx, client, url) {
		select {
		case <-again.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func answers(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
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
