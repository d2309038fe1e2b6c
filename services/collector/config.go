package collector

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/ingest"
)

// Config are the settings of a collector. The tags of those that are flags of a command say what they mean and which default a zero value stands for.
type Config struct {
	Kafka    []string        `kong:"-"` // host:port of brokers
	Security security.Config `kong:"-"` // of the connections to Kafka
	TopicSettings

	Listener      net.Listener `kong:"-"` // instead of Listen
	GRPCListener  net.Listener `kong:"-"` // instead of GRPC
	AdminListener net.Listener `kong:"-"` // instead of Admin
	OnReady       func()       `kong:"-"` // called once the collector is ready, and has logged that; may be nil
	Logger        *zap.Logger  `kong:"-"` // may be nil
	// Metrics takes the metrics of a collector in a process that has an admin port already: Run opens none then.
	Metrics *prometheus.Registry `kong:"-"`

	Listen string `help:"Address that takes records over HTTP: POST /v1/results and /v1/probestatus, PUT /v1/probes and /v1/measurements." default:"127.0.0.1:8081" env:"ATLAS_INGEST"`
	GRPC   string `name:"grpc" help:"Address that takes records over gRPC, by ingest.v1." default:"127.0.0.1:8082" env:"ATLAS_GRPC"`
	Admin  string `help:"Address that serves /metrics, /healthz, /readyz and, to clients on this machine only, /debug/pprof/." default:"127.0.0.1:9091"`

	SourceSettings
	service.Proxies

	MaxConnections     int           `help:"TCP connections that may be open at once, but no more than there are descriptors for (ulimit -n)." default:"2048"`
	AddressConnections int           `help:"Connections that an address may have at once. An IPv6 address counts as its /64, and a /48 may have four times as many." placeholder:"COUNT" positive:"" otherwise:"a sixteenth of --max-connections, and no more than 1000"`
	MaxConnectionAge   time.Duration `help:"How old a connection may grow, give or take a tenth, so that sources spread over collectors. It is closed between requests." default:"30m"`

	MaxBody       int           `help:"Bytes that an HTTP body may have, both as sent and once decompressed." default:"67108864"`
	MaxMessage    int           `help:"Bytes that a gRPC request may have once decompressed." default:"4194304" env:"ATLAS_INGEST_MAX_MESSAGE"`
	MaxRecord     int           `help:"Bytes that a record may have." default:"524288"`
	MaxRejected   int           `help:"Records of a request that may be rejected. After that, the rest of the request is not read." default:"10000"`
	MaxRequests   int           `help:"Requests whose records are published at once, over HTTP and gRPC together; a source may have its share of them, or without sources an address a quarter. Further requests wait for 5 s and are then told to retry." default:"64"`
	ReadingBytes  int64         `help:"Bytes of memory for requests, over HTTP and gRPC together, shared likewise. Further requests are told to retry." default:"268435456"`
	WaitingBytes  int64         `help:"Bytes that may wait for Kafka, over all requests, shared likewise. Further requests wait for 5 s and are then told to retry." default:"67108864"`
	MinRate       int64         `help:"Bytes a second that a client must send of an HTTP body in the long run." default:"8192"`
	ReadTimeout   time.Duration `help:"How long a client may pause in an HTTP body, or take to send a gRPC request." default:"30s"`
	AppendTimeout time.Duration `help:"How long Kafka may take to acknowledge records. After that, the client is told to retry." default:"30s"`
	DrainDelay    time.Duration `help:"How long newcomers are served after SIGTERM, until load balancers send no more. Ctrl-C skips it." default:"5s" zero:""`
	StopTimeout   time.Duration `help:"How long the program may take to stop after that." default:"20s"`

	HistoryLateness time.Duration `help:"How late a result may arrive, compared with others of the same time, and still be in every replay. Collectors count later ones. Give collectors and gateways the same value." default:"1h"`
}

// Check joins every fault of the settings.
func (c Config) Check() error {
	defaulted := c.withDefaults()
	return errors.Join(
		kafkasettings.Check(c.log()),
		service.CheckNumbers(c),
		defaulted.checkListeners(),
		c.SourceSettings.Check(defaulted.ingestAddresses()...),
		checkMaxRecord(defaulted.MaxRecord),
		defaulted.checkLargest("max-body", defaulted.MaxBody),
		defaulted.checkLargest("max-message", defaulted.MaxMessage),
		defaulted.checkReading(),
		c.checkPartitions(),
		c.Proxies.Check(),
	)
}

func (c Config) checkListeners() error {
	var addresses []service.Address
	for _, listener := range []struct {
		setting, address string
		given            bool
	}{
		{"listen", c.Listen, c.Listener != nil},
		{"grpc", c.GRPC, c.GRPCListener != nil},
		{"admin", c.Admin, c.AdminListener != nil || c.Metrics != nil},
	} {
		if !listener.given {
			addresses = append(addresses, service.Address{Setting: listener.setting, Value: listener.address})
		}
	}
	return service.CheckAddresses(addresses...)
}

// minRecordBytes has room for an ordinary result.
const minRecordBytes = 1 << 10

func checkMaxRecord(got int) error {
	if got < minRecordBytes || got > eventlog.MaxRecordBytes {
		return service.Setting("max-record", fmt.Errorf("got %d, want %d to %d bytes", got, minRecordBytes, eventlog.MaxRecordBytes))
	}
	return nil
}

// checkLargest refuses a limit below that of one record.
func (c Config) checkLargest(setting string, got int) error {
	if 0 <= got && got < c.MaxRecord {
		return service.Setting(setting, fmt.Errorf("got %d, want at least max-record, %d bytes", got, c.MaxRecord))
	}
	return nil
}

func (c Config) checkReading() error {
	if minimum := c.limits().MinReadingBytes(); 0 <= c.ReadingBytes && c.ReadingBytes < minimum {
		return service.Setting("reading-bytes", fmt.Errorf("got %d, want at least %d bytes, four times what the largest request takes", c.ReadingBytes, minimum))
	}
	return nil
}

func (c Config) withDefaults() Config {
	service.SetDefaults(&c)
	c.MaxConnections = min(c.MaxConnections, service.ConnectionsFor(service.Descriptors())) // the admin port and Kafka have theirs
	c.AddressConnections = cmp.Or(c.AddressConnections, service.AddressConnectionsFor(c.MaxConnections))
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	return c
}

const (
	clientID    = "atlas-collector"
	slotTimeout = 5 * time.Second // how long a request waits to be published before its client is told to retry
)

func (c Config) log() eventlog.Config {
	var names []string
	for _, topic := range c.topics() {
		names = append(names, topic.Name)
	}
	return eventlog.Config{
		Brokers: c.Kafka, ClientID: clientID, Security: c.Security, Topics: names, Rights: c.rights(), ExistingTopics: c.ExistingTopics,
	}
}

// rights are those on all topics whose names begin with "atlas."; where another program creates topics, the collector needs fewer.
func (c Config) rights() []eventlog.Right {
	rights := []eventlog.Right{eventlog.RightRead, eventlog.RightWrite}
	if c.ExistingTopics {
		return rights
	}
	// Not Create: where it is allowed for the whole cluster, a topic does not show it.
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
		WaitingBytes:  c.WaitingBytes,
		MinRate:       c.MinRate,
		ReadTimeout:   c.ReadTimeout,
		SlotTimeout:   slotTimeout,
		AppendTimeout: c.AppendTimeout,
		ConnectionAge: c.MaxConnectionAge,
	}
}
