package kafkatest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// startTime limits a start, of a cluster or of one of its brokers.
const startTime = 2 * time.Minute

//go:embed log4j2.properties
var logging []byte

// Cluster is a running cluster of Apache Kafka. Brokers count from 0, which is their node ID as well. Only one goroutine at a time may call Kill, Stop,
// Restart and Close.
type Cluster struct {
	config    Config
	installed installation
	dir       string
	brokers   []*broker
}

// StartCluster starts a cluster and returns when all its brokers are ready, or with an error that has the end of their logs. ErrNotInstalled says that
// Java or the jars are missing. The caller must close it; on Linux its processes do not outlive the caller's.
func StartCluster(ctx context.Context, config Config) (*Cluster, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("kafkatest: %w", err)
	}
	installed, err := findInstallation(config.Libs)
	if err != nil {
		return nil, fmt.Errorf("kafkatest: %w", err)
	}
	c := &Cluster{config: config, installed: installed}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("kafkatest: %w\n%s", err, c.Logs()), c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := c.lay(); err != nil {
		return err
	}
	var group errgroup.Group
	for _, broker := range c.brokers {
		group.Go(func() error {
			if err := c.format(ctx, broker); err != nil {
				return err
			}
			return broker.run(c.java(context.WithoutCancel(ctx), "kafka.Kafka", broker.settings()))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, broker := range c.brokers {
		if err := broker.awaitReady(ctx, len(c.brokers)); err != nil {
			return err
		}
	}
	return nil
}

// lay creates the directories and the settings.
func (c *Cluster) lay() error {
	if err := c.makeDir(); err != nil {
		return err
	}
	each := 2 + len(c.config.Listeners)
	addresses, err := FreeAddresses(each * c.config.Brokers)
	if err != nil {
		return err
	}
	for i := range c.config.Brokers {
		own := addresses[each*i : each*(i+1)]
		dir := filepath.Join(c.dir, fmt.Sprintf("broker-%d", i))
		c.brokers = append(c.brokers, &broker{id: i, address: own[0], controller: own[1], listeners: own[2:], dir: dir})
	}
	for _, broker := range c.brokers {
		if err := os.Mkdir(broker.dir, 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(broker.settings(), []byte(c.properties(broker)), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(c.logging(), logging, 0o600)
}

func (c *Cluster) makeDir() (err error) {
	if c.dir = c.config.Dir; c.dir != "" {
		return os.MkdirAll(c.dir, 0o750)
	}
	c.dir, err = os.MkdirTemp("", "kafkatest-")
	return err
}

func (c *Cluster) logging() string { return filepath.Join(c.dir, "log4j2.properties") }

func (c *Cluster) java(ctx context.Context, arguments ...string) *exec.Cmd {
	options := c.config.JVM
	if options == nil {
		options = DefaultJVM
	}
	options = append([]string{"-Dlog4j2.configurationFile=" + c.logging(), "-cp", c.installed.classpath}, options...)
	return exec.CommandContext(ctx, c.installed.java, append(options, arguments...)...) //nolint:gosec // what it runs was found by findInstallation
}

// format prepares a broker's empty data directory; all brokers of a cluster get the same cluster ID.
func (c *Cluster) format(ctx context.Context, b *broker) error {
	const clusterID = "YXRsYXMtc3RyZWFtLTAwMQ"
	arguments := []string{"kafka.tools.StorageTool", "format", "--cluster-id", clusterID, "--config", b.settings()}
	for name, password := range c.config.Users {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			arguments = append(arguments, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, name, password))
		}
	}
	format := c.java(ctx, arguments...)
	if output, err := format.CombinedOutput(); err != nil {
		return fmt.Errorf("formatting the data directory of broker %d: %w: %s", b.id, err, output)
	}
	return nil
}

// Addrs returns every broker's address, host:port, whether it runs or not.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.brokers))
	for i, broker := range c.brokers {
		addrs[i] = broker.address
	}
	return addrs
}

// ListenerAddrs is Addrs for one of the configuration's Listeners, by its protocol.
func (c *Cluster) ListenerAddrs(protocol string) []string {
	listener := slices.Index(c.config.Listeners, protocol)
	addrs := make([]string, len(c.brokers))
	for i, broker := range c.brokers {
		addrs[i] = broker.listeners[listener]
	}
	return addrs
}

// Kill ends broker i at once, as a crash does (SIGKILL), and waits until it has ended.
func (c *Cluster) Kill(i int) error { return c.brokers[i].kill() }

// Stop ends broker i in an orderly way (SIGTERM) and waits until it has ended.
func (c *Cluster) Stop(i int) error { return c.brokers[i].stop() }

// Restart starts broker i again, with its ports and data, after stopping it if it runs, and waits until it is ready; it may not be in sync yet.
func (c *Cluster) Restart(i int) error {
	broker := c.brokers[i]
	if err := broker.stop(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := broker.run(c.java(context.Background(), "kafka.Kafka", broker.settings())); err != nil {
		return err
	}
	if err := broker.awaitReady(ctx, 1); err != nil {
		return fmt.Errorf("kafkatest: %w\n%s", err, c.Logs())
	}
	return nil
}

// Empty stops broker i, deletes what it has on its disk, and starts it again with its ports. A cluster of one broker has nothing then.
func (c *Cluster) Empty(ctx context.Context, i int) error {
	broker := c.brokers[i]
	if err := broker.stop(); err != nil {
		return err
	}
	if err := os.RemoveAll(broker.data()); err != nil {
		return err
	}
	if err := c.format(ctx, broker); err != nil {
		return err
	}
	return c.Restart(i)
}

// Close kills every broker and removes the files that the cluster has created.
func (c *Cluster) Close() error {
	var faults []error
	for _, broker := range c.brokers {
		faults = append(faults, broker.kill())
	}
	if c.config.Dir == "" && c.dir != "" {
		faults = append(faults, os.RemoveAll(c.dir))
	}
	return errors.Join(faults...)
}
