package embedded

import (
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"
)

// Broker is a running broker, of one node or several. Its methods are safe for concurrent use.
type Broker struct {
	cluster   *kfake.Cluster
	network   *network
	directory *directory // nil in memory
	nodes     int
	retention *retention // nil in memory

	running sync.RWMutex // held for reading during requests to the cluster, as a closed cluster never answers
	closed  bool
	holds   []*hold
}

// ErrClosed reports that the broker has been closed.
var ErrClosed = errors.New("embedded broker: closed")

// Start starts a broker, which listens when Start returns. It refuses, and does not change, a directory that is damaged, in use by another process, or
// not a broker's.
func Start(cfg Config) (*Broker, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	directory, err := openDirectory(cfg.Dir, cfg.Logger)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	network := &network{listen: cfg.Listen, logger: cfg.Logger}
	cluster, err := kfake.NewCluster(cfg.options(network)...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded broker: %w", err), directory.close())
	}
	broker := &Broker{cluster: cluster, network: network, directory: directory, nodes: cfg.Nodes}
	if cfg.Dir != "" {
		broker.retention = startRetention(cluster.ApplyRetention, retentionPause)
	}
	return broker, nil
}

// Addrs returns the address of every node that was started, as host:port.
func (b *Broker) Addrs() []string { return b.network.addrs() }

// Close stops the broker in an orderly way: it refuses new connections, writes its state, closes the open connections and unlocks the directory. A
// second call does nothing.
func (b *Broker) Close() error {
	b.running.Lock()
	defer b.running.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	for _, hold := range b.holds {
		hold.end()
	}
	b.retention.stop()
	b.cluster.Close()
	b.network.disconnect()
	return b.directory.close()
}

func (b *Broker) whileRunning(request func() error) error {
	b.running.RLock()
	defer b.running.RUnlock()
	if b.closed {
		return ErrClosed
	}
	return request()
}

type brokerLog struct{ logger *zap.Logger }

// Logf passes on kfake's warnings and errors, without its messages about every request.
func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.logger.Error("embedded broker", zap.String("report", fmt.Sprintf(format, args...)))
	case kfake.LogLevelWarn:
		l.logger.Warn("embedded broker", zap.String("report", fmt.Sprintf(format, args...)))
	default:
	}
}

// Compact compacts the compacted topics now. On disk nothing else does.
func (b *Broker) Compact() error {
	return b.whileRunning(func() error {
		b.cluster.Compact()
		return nil
	})
}
