package embedded

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"
)

// Config says how to run a broker. The zero value runs one node in memory on a free port of 127.0.0.1.
type Config struct {
	// Listen is the address of the first node, as host:port; port 0 takes a free one, and so does every further node. Clients are told this host, so
	// 0.0.0.0 is refused.
	Listen string
	// Dir keeps the log on disk; it is created if it is missing. Empty keeps all in memory, where only the topics' own retention limits it.
	Dir string
	// Nodes is how many brokers the cluster seems to have; 0 means 1.
	Nodes int
	// Logger may be nil.
	Logger *zap.Logger
}

const (
	clusterID = "atlas-stream-embedded"
	maxNodes  = 16
	never     = "3155760000000" // a hundred years, in milliseconds
)

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Nodes == 0 {
		c.Nodes = 1
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

// Validate returns all faults of c.
func (c Config) Validate() error {
	c = c.withDefaults()
	var nodes error
	if c.Nodes < 1 || c.Nodes > maxNodes {
		nodes = fmt.Errorf("nodes: got %d, want 1 to %d", c.Nodes, maxNodes)
	}
	return errors.Join(validateListen(c.Listen), nodes)
}

func validateListen(listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen: got %q, want host:port: %w", listen, err)
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		return fmt.Errorf("listen: got %q, want one interface, such as 127.0.0.1, as clients are told this address", listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("listen: got %q, want a port from 0 to 65535", listen)
	}
	return nil
}

func (c Config) options(network *network) []kfake.Opt {
	options := []kfake.Opt{
		kfake.ClusterID(clusterID),
		kfake.NumBrokers(c.Nodes),
		kfake.DefaultNumPartitions(1),
		kfake.ListenFn(network.open),
		kfake.WithLogger(brokerLog{c.Logger}),
	}
	if c.Dir != "" {
		options = append(options, kfake.DataDir(c.Dir), kfake.SyncWrites(), kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": never}))
	}
	return options
}
