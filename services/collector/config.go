package collector

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/ingest"
)

// Config are the settings of a collector's doors. Zero values stand for the defaults.
type Config struct {
	Kafka         []string        // host:port of brokers
	Security      security.Config // by which Kafka is reached
	Listen        string          // address of the HTTP door; "127.0.0.1:8081"
	GRPC          string          // address of the gRPC door; "127.0.0.1:8082"
	Admin         string          // address of metrics, health and profiles; "127.0.0.1:9091"
	Listener      net.Listener    // instead of Listen
	GRPCListener  net.Listener    // instead of GRPC
	AdminListener net.Listener    // instead of Admin

	Partitions     int  // of the results' topic, when it is made; 64
	Replication    int  // of topics, when they are made; 3, or one on each broker where there are fewer
	ExistingTopics bool // which somebody else makes; those that are missing are waited for

	TrustedProxies []string // ranges of addresses whose AddressHeader is believed; none unless given
	AddressHeader  string   // in which a proxy tells a client's address; X-Forwarded-For

	MaxConnections     int // TCP connections at once, over both doors; 2,048, as far as there are descriptors for them
	AddressConnections int // of one address at once; 1,000, or a sixteenth of MaxConnections where that is less

	MaxBody       int           // bytes of an HTTP body, as it comes and once decompressed; 64 MiB
	MaxMessage    int           // bytes of a gRPC request, once decompressed; 4 MiB
	MaxRecord     int           // bytes of one record; 512 KiB
	MaxRejected   int           // records of a request, after which the rest of it is not read; 10,000
	MaxRequests   int           // whose records are published at once, over both doors, a quarter of them from one address; 64
	ReadingBytes  int64         // of memory for requests, over both doors, a quarter of it for one address; 256 MiB
	WaitingBytes  int64         // that wait for Kafka at most, over all requests; 64 MiB
	MinRate       int64         // bytes a second that a client sends of a body in the long run; 8 KiB
	ReadTimeout   time.Duration // for a pause in a body, and for a gRPC request; 30 s
	AppendTimeout time.Duration // for Kafka to acknowledge a batch; 30 s
	StopTimeout   time.Duration // for an orderly stop; 20 s
	// HistoryLateness is how much later than others of its time a result still comes in, as the gateways have it; what comes later than that is counted. 1 h.
	HistoryLateness time.Duration

	OnReady func() // called once the collector is ready, and has logged that; may be nil
	Logger  *zap.Logger
	// Metrics takes the metrics of a collector in a process that has an admin port already: Run opens none then.
	Metrics *prometheus.Registry
}

// Validate joins every fault of the settings.
func (c Config) Validate() error {
	defaulted := c.withDefaults()
	return errors.Join(
		kafkasettings.Check(c.log()),
		service.CheckNumbers(c),
		defaulted.checkListeners(),
		checkMaxRecord(defaulted.MaxRecord),
		defaulted.checkLargest("max-body", defaulted.MaxBody),
		defaulted.checkLargest("max-message", defaulted.MaxMessage),
		defaulted.checkReading(),
		checkPartitions(c.Partitions),
		service.CheckProxies(c.TrustedProxies, c.AddressHeader),
	)
}

func (c Config) checkListeners() error {
	var addresses []service.Address
	for _, door := range []struct {
		setting, address string
		given            bool
	}{
		{"listen", c.Listen, c.Listener != nil},
		{"grpc", c.GRPC, c.GRPCListener != nil},
		{"admin", c.Admin, c.AdminListener != nil || c.Metrics != nil},
	} {
		if !door.given {
			addresses = append(addresses, service.Address{Setting: door.setting, Value: door.address})
		}
	}
	return service.CheckAddresses(addresses...)
}

// maxPartitions is more than a cluster does well with in one topic.
const maxPartitions = 10_000

func checkPartitions(got int) error {
	if got > maxPartitions {
		return service.Setting("partitions", fmt.Errorf("got %d, want at most %d", got, maxPartitions))
	}
	return nil
}

// leastRecord is room for an ordinary result.
const leastRecord = 1 << 10

func checkMaxRecord(got int) error {
	if got < leastRecord || got > eventlog.MaxRecordBytes {
		return service.Setting("max-record", fmt.Errorf("got %d, want %d to %d bytes", got, leastRecord, eventlog.MaxRecordBytes))
	}
	return nil
}

// checkLargest demands of what may have a record that it may be as long as one.
func (c Config) checkLargest(setting string, got int) error {
	if 0 <= got && got < c.MaxRecord {
		return service.Setting(setting, fmt.Errorf("got %d, want at least max-record, %d bytes", got, c.MaxRecord))
	}
	return nil
}

func (c Config) checkReading() error {
	if least := c.limits().LeastReading(); 0 <= c.ReadingBytes && c.ReadingBytes < least {
		return service.Setting("reading-bytes", fmt.Errorf("got %d, want at least %d bytes, four times what the largest request takes", c.ReadingBytes, least))
	}
	return nil
}

// Defaults are the settings that a collector has unless it is given others, but for those that follow from others.
func Defaults() Config {
	var c Config
	c.setDefaults()
	return c
}

func (c Config) withDefaults() Config {
	c.setDefaults()
	c.MaxConnections = min(c.MaxConnections, service.ConnectionsFor(service.Descriptors())) // the admin port and Kafka have theirs
	c.AddressConnections = cmp.Or(c.AddressConnections, service.AddressConnectionsFor(c.MaxConnections))
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	return c
}

func (c *Config) setDefaults() {
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:8081")
	c.GRPC = cmp.Or(c.GRPC, "127.0.0.1:8082")
	c.Admin = cmp.Or(c.Admin, "127.0.0.1:9091")
	c.Partitions = cmp.Or(c.Partitions, DefaultPartitions)
	c.AddressHeader = cmp.Or(c.AddressHeader, clientip.DefaultHeader)
	c.MaxConnections = cmp.Or(c.MaxConnections, 2048)
	c.MaxBody = cmp.Or(c.MaxBody, 64<<20)
	c.MaxMessage = cmp.Or(c.MaxMessage, 4<<20)
	c.MaxRecord = cmp.Or(c.MaxRecord, DefaultMaxRecord)
	c.MaxRejected = cmp.Or(c.MaxRejected, 10_000)
	c.MaxRequests = cmp.Or(c.MaxRequests, 64)
	c.ReadingBytes = cmp.Or(c.ReadingBytes, 256<<20)
	c.WaitingBytes = cmp.Or(c.WaitingBytes, 64<<20)
	c.MinRate = cmp.Or(c.MinRate, 8<<10)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 30*time.Second)
	c.AppendTimeout = cmp.Or(c.AppendTimeout, 30*time.Second)
	c.StopTimeout = cmp.Or(c.StopTimeout, 20*time.Second)
	c.HistoryLateness = cmp.Or(c.HistoryLateness, time.Hour)
}

// What the collector's commands have in common.
const (
	DefaultPartitions = 64
	DefaultMaxRecord  = 512 << 10
	clientID          = "atlas-collector"
	slotTimeout       = 5 * time.Second // after which a client is told to retry; many batches are published meanwhile
)

func (c Config) log() eventlog.Config {
	var names []string
	for _, topic := range topics(c.Partitions, c.Replication) {
		names = append(names, topic.Name)
	}
	return eventlog.Config{
		Brokers: c.Kafka, ClientID: clientID, Security: c.Security, Topics: names, Rights: c.rights(), ExistingTopics: c.ExistingTopics,
	}
}

// rights are those on all topics whose names begin with "atlas."; who finds topics there need not make them.
func (c Config) rights() []eventlog.Right {
	rights := []eventlog.Right{eventlog.RightRead, eventlog.RightWrite}
	if c.ExistingTopics {
		return rights
	}
	// Not Create: it may be allowed for the whole cluster, which a topic does not show.
	return append(rights, eventlog.RightDescribeConfigs)
}

func (c Config) writer() eventlog.WriterConfig {
	return eventlog.WriterConfig{WaitingBytes: c.WaitingBytes, MaxRecordBytes: c.MaxRecord, Timeout: c.AppendTimeout}
}

func (c Config) limits() ingest.Limits {
	return ingest.Limits{
		BodyBytes:     int64(c.MaxBody),
		MessageBytes:  c.MaxMessage,
		RecordBytes:   c.MaxRecord,
		Rejections:    c.MaxRejected,
		Requests:      c.MaxRequests,
		ReadingBytes:  c.ReadingBytes,
		MinRate:       c.MinRate,
		ReadTimeout:   c.ReadTimeout,
		SlotTimeout:   slotTimeout,
		AppendTimeout: c.AppendTimeout,
	}
}

// topics are those that a running collector writes to.
func topics(partitions, replication int) []eventlog.TopicSpec {
	specs := []eventlog.TopicSpec{eventlog.ResultsSpec(partitions), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec()}
	for i := range specs {
		specs[i].Replication = replication
	}
	return specs
}
