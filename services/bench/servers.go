package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"

	"atlasstream/pkg/eventlog/kafkatest"
)

// server is something that fans results out.
type server struct {
	protocol string // of its clients
	command  func(lab *lab, listen, admin string) []string
	hasAdmin bool

	environment []string // further variables
}

// earlierGateway is the server that is the gateway of --gateway.
const earlierGateway = "earlier"

var servers = map[string]server{
	"ours":          {protocol: "websocket", command: gatewayCommand, hasAdmin: true},
	"ours-socketio": {protocol: "engineio4", command: gatewayCommand, hasAdmin: true},
	earlierGateway:  {protocol: "websocket", command: earlierGatewayCommand, hasAdmin: true},
	"bare":          {protocol: "websocket", command: peerCommand("bare")},
	"googollee":     {protocol: "engineio3", command: peerCommand("googollee")},
	"node":          {protocol: "engineio4", command: nodeCommand},
}

func gatewayCommand(lab *lab, listen, admin string) []string {
	return append(limitedGatewayCommand(lab, listen, admin),
		// all the clients come from one address, at once
		"--address-connections", "20000", "--address-messages", "20000", "--address-readers", "64", "--address-steps", "10000000")
}

// earlierGatewayCommand is gatewayCommand for the gateway of --gateway.
func earlierGatewayCommand(lab *lab, listen, admin string) []string {
	command := gatewayCommand(lab, listen, admin)
	command[0] = lab.settings.Gateway
	return slices.DeleteFunc(command, func(argument string) bool { return slices.Contains(stopAtOnce, argument) }) // which it may not know
}

// stopAtOnce are the arguments of a gateway whose clients need not leave one by one.
var stopAtOnce = []string{"--drain-delay=0s", "--drain=0s"}

// gateways are the servers that are compared where only a gateway can be measured; each round begins with another one.
func (s *settings) gateways(round int) []string {
	switch {
	case s.Gateway == "":
		return []string{"ours"}
	case round%2 == 1:
		return []string{earlierGateway, "ours"}
	default:
		return []string{"ours", earlierGateway}
	}
}

// limitedGatewayCommand is for a gateway with the limits that it has by default.
func limitedGatewayCommand(lab *lab, listen, admin string) []string {
	return append([]string{lab.program("gateway"), "--kafka", lab.kafka, "--listen", listen, "--admin", admin, "--log-level", "warn"}, stopAtOnce...)
}

func peerCommand(name string) func(lab *lab, listen, admin string) []string {
	return func(lab *lab, listen, _ string) []string {
		return []string{lab.program(name), "--kafka", lab.kafka, "--listen", listen}
	}
}

func nodeCommand(lab *lab, listen, _ string) []string {
	_, port, _ := net.SplitHostPort(listen)
	return []string{"node", filepath.Join(lab.node, "server.js"), lab.kafka, port}
}

// running is a server that runs and takes clients.
type running struct {
	*process
	address, admin string
	grpc           string // of a collector
}

func (l *lab) startServer(ctx context.Context, server server) (*running, error) {
	addresses, err := kafkatest.FreeAddresses(2)
	if err != nil {
		return nil, err
	}
	command := server.command(l, addresses[0], addresses[1])
	process, err := l.startIn(ctx, server.environment, command[0], command[1:]...)
	if err != nil {
		return nil, err
	}
	started := &running{process: process, address: addresses[0]}
	ready := func(ctx context.Context) error { return dials(ctx, started.address) }
	if server.hasAdmin {
		started.admin = addresses[1]
		ready = func(ctx context.Context) error { return answersOK(ctx, "http://"+started.admin+"/readyz") }
	}
	if err := awaitReady(ctx, ready); err != nil {
		process.stop()
		return nil, process.explain(err)
	}
	return started, nil
}

// installNode installs the packages of the Node server.
func (l *lab) installNode(ctx context.Context) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("the server in Node needs Node with npm, or leave it out with --servers bare,ours,googollee: %w", err)
	}
	install := exec.CommandContext(ctx, "npm", "ci", "--silent", "--no-progress")
	install.Dir = l.node
	if output, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s: %w: %s", install.Dir, err, output)
	}
	return nil
}
