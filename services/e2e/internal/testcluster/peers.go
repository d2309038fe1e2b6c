package testcluster

import (
	"strings"
	"testing"
)

// peerKey is a secret by which gateways of tests know each other.
const peerKey = "the secret of peers in tests"

// Peers are gateways that know each other, each in a process of its own.
type Peers struct {
	program   Program
	kafka     []string
	arguments []string
	addresses []string // by which they know each other
	started   int
}

// NewPeers prepares at most so many gateways with the same arguments.
func (p Program) NewPeers(t *testing.T, kafka []string, most int, arguments ...string) *Peers {
	t.Helper()
	addresses := FreeAddresses(t, most)
	return &Peers{program: p, kafka: kafka, addresses: addresses, arguments: append([]string{"--peers", strings.Join(addresses, ","), "--peer-key", peerKey}, arguments...)}
}

// Start starts the next one and waits until it is ready.
func (p *Peers) Start(t *testing.T) *Process {
	t.Helper()
	p.started++
	return p.program.StartGateway(t, p.kafka, append([]string{"--peer-listen", p.addresses[p.started-1]}, p.arguments...)...)
}
