package service

import (
	"net/netip"
	"sync"

	"atlasstream/pkg/clientip"
)

// ConnectionLimits bound the connections that the listeners of a service have open at once. Further ones are closed as soon as they are accepted.
type ConnectionLimits struct {
	Total   int                   // over all listeners
	Address int                   // of one address, as clientip.Networks has them
	Exempt  func(netip.Addr) bool // addresses that count in the total only, such as proxies; none if nil
}

// The limits that a connection may exceed, as logs and metrics name them.
const (
	WithinLimits = ""
	LimitTotal   = "total"
	LimitAddress = "address"
)

// ConnectionCount counts connections, or what is like them, in total and by address.
type ConnectionCount struct {
	limits ConnectionLimits

	mu       sync.Mutex
	total    int
	networks map[netip.Prefix]int
}

// NewConnectionCount returns a count of nothing yet.
func NewConnectionCount(limits ConnectionLimits) *ConnectionCount {
	return &ConnectionCount{limits: limits, networks: make(map[netip.Prefix]int)}
}

// Add counts a connection until Remove, or returns the limit that it exceeds.
func (c *ConnectionCount) Add(address netip.Addr) (limit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= c.limits.Total {
		return LimitTotal
	}
	networks := c.counted(address)
	for _, network := range networks {
		if c.networks[network.Prefix] >= c.limits.Address*network.Factor {
			return LimitAddress
		}
	}
	c.total++
	for _, network := range networks {
		c.networks[network.Prefix]++
	}
	return WithinLimits
}

// Remove is called once for each connection that Add has counted.
func (c *ConnectionCount) Remove(address netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	for _, network := range c.counted(address) {
		if c.networks[network.Prefix]--; c.networks[network.Prefix] == 0 {
			delete(c.networks, network.Prefix)
		}
	}
}

// counted are the networks in which the connections of an address are counted.
func (c *ConnectionCount) counted(address netip.Addr) []clientip.Network {
	if c.limits.Exempt != nil && c.limits.Exempt(address) {
		return nil
	}
	return clientip.Networks(address)
}
