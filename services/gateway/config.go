package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// Config are the settings of a gateway. Zero values stand for the defaults.
type Config struct {
	Kafka    []string        // host:port of brokers
	Security security.Config // by which Kafka is reached
	Listen   string          // address of the public door; ":8080"
	Admin    string          // address of metrics, health and profiles; "127.0.0.1:9090"
	Listener net.Listener    // instead of Listen
	// AdminListener is used instead of Admin.
	AdminListener net.Listener
	OnReady       func() // called once the gateway is ready, and has logged that; may be nil

	Origins          []string // of pages that may connect, such as "https://atlas.example"; any if there are none
	MaxClients       int      // at once; 20,000
	MaxSubscriptions int      // of one client; 1,000
	MaxMessage       int      // bytes of a client's message; 100,000
	MaxMeasurements  int      // of the registry that are kept; 500,000
	RefuseUnknown    bool     // refuse subscriptions to measurements that the registry does not know
	Tokens           string   // file with bearer tokens and their roles; none unless given
	TrustedProxies   []string // ranges of addresses whose AddressHeader is believed; none unless given
	AddressHeader    string   // in which a proxy tells a client's address; X-Forwarded-For

	History        string        // who may replay the past: HistoryOff, HistoryToken or HistoryOpen; nobody
	HistoryResults int           // of a replay a second on average at most, which bounds its speed; 10,000
	HistoryScanned int           // records of the log that are read for a replay a second on average at most, likewise; 200,000
	HistoryBack    time.Duration // how far back replays may begin; as far as the log goes
	// HistoryLateness is how much later than others of its time a result still comes in; what comes later than that may be missing from a replay. 1 h.
	HistoryLateness    time.Duration
	HistoryWindow      time.Duration // within which replays put results in the order of time; 10 min
	HistoryWindowBytes int           // of the results that a replay holds for that, in each topic; 16 MiB
	ClientReplays      int           // of one client at once; 10
	AddressReplays     int           // of one address at once; 50
	MaxReplays         int           // at once; 200

	Backlog        time.Duration // how far back sendBacklog goes; 5 min
	BehindTime     time.Duration // how long ago what a client gets next may have come in, and how old a cursor may be; 1 h
	BehindBytes    int           // of the results that stand in the log between a client and its end; 1 GiB
	BehindReaders  int           // of the log at once, for clients that are behind; 64
	AddressReaders int           // of them, for the clients of one address; 16
	CursorKey      string        // secret of all gateways of a log, which seals cursors; the key in Kafka's topic atlas.keys unless given
	CursorKeyFile  string        // with such secrets on its lines, of which the first seals and all open; read again every five seconds

	MaxConnections       int // TCP connections at once; two for each of MaxClients and 1,000 to refuse others, as far as there are descriptors for them
	AddressConnections   int // of one address at once; 1,000, or a sixteenth of MaxConnections where that is less
	AddressSubscriptions int // of one address at once; 20,000
	// AddressMemory is how much memory the subscriptions of one address take; 32 MiB.
	AddressMemory int
	// AddressQueueBytes is how much may wait for the clients of one address together; 256 MiB. While it is more, 64 KiB may wait for each of them.
	AddressQueueBytes int
	// AddressSteps is what those of one address may take to match, encode and write each record of a measurement, in steps of about a tenth of a
	// microsecond; 10,000.
	AddressSteps       int
	AddressMessages    int // of one address a second, 500 records of the log that are read for it as one, and 256 KiB of their values; 1,000
	ConnectionMessages int // of one connection a second; 100

	QueueBytes    int           // that wait for a client at most; 2 MiB
	QueueMessages int           // that wait for a client at most; 10,000
	WriteTimeout  time.Duration // how long a client may take to make room; 60 s
	PingInterval  time.Duration // between two signs of life of a client; 25 s
	PingTimeout   time.Duration // how late a sign of life may be; 60 s
	StopTimeout   time.Duration // for an orderly stop; 20 s

	Logger *zap.Logger
	// Metrics takes the gateway's metrics beside those of other services in the same process; a registry of its own unless given.
	Metrics *prometheus.Registry
}

func (c Config) log() eventlog.Config {
	return eventlog.Config{Brokers: c.Kafka, ClientID: "atlas-gateway", Rights: []eventlog.Right{eventlog.RightRead}, Security: c.Security}
}

// Who may replay the past.
const (
	HistoryOff   = "off"   // nobody
	HistoryToken = "token" // bearers of a token with the role history
	HistoryOpen  = "open"  // everybody
)

// connectionsOfClient are the TCP connections of a client that polls: on one it waits, on another it speaks.
const connectionsOfClient = 2

// leastQueueBytes holds the longest record that Kafka takes by default.
const leastQueueBytes = 1 << 20

// Validate joins every fault of the settings.
func (c Config) Validate() error {
	defaulted := c.withDefaults()
	return errors.Join(
		kafkasettings.Check(c.log()),
		service.CheckNumbers(c),
		defaulted.checkListeners(),
		c.checkHistory(),
		defaulted.checkQueues(),
		c.checkOrigins(),
		service.CheckProxies(c.TrustedProxies, c.AddressHeader),
		c.checkCursorKey(),
	)
}

func (c Config) checkListeners() error {
	var addresses []service.Address
	if c.Listener == nil {
		addresses = append(addresses, service.Address{Setting: "listen", Value: c.Listen})
	}
	if c.AdminListener == nil {
		addresses = append(addresses, service.Address{Setting: "admin", Value: c.Admin})
	}
	return service.CheckAddresses(addresses...)
}

func (c Config) checkHistory() error {
	switch c.History {
	case "", HistoryOff, HistoryOpen:
		return nil
	case HistoryToken:
		if c.Tokens == "" {
			return service.Setting("history", fmt.Errorf("got %q without tokens, so that nobody could replay the past; want a file of them in --tokens, or %s or %s",
				c.History, HistoryOff, HistoryOpen))
		}
		return nil
	default:
		return service.Setting("history", fmt.Errorf("got %q, want %s, %s or %s", c.History, HistoryOff, HistoryToken, HistoryOpen))
	}
}

func (c Config) checkQueues() error {
	var faults []error
	if c.Backlog > c.BehindTime {
		faults = append(faults, service.Setting("backlog", fmt.Errorf("got %s, want at most behind-time, %s", c.Backlog, c.BehindTime)))
	}
	if 0 < c.QueueBytes && c.QueueBytes < leastQueueBytes {
		faults = append(faults, service.Setting("queue-bytes", fmt.Errorf("got %d, want at least %d: one long record must fit", c.QueueBytes, leastQueueBytes)))
	}
	return errors.Join(faults...)
}

func (c Config) checkOrigins() error {
	var faults []error
	for _, origin := range c.Origins {
		if parsed, err := url.Parse(origin); err != nil || parsed.Scheme == "" || parsed.Host == "" || origin != parsed.Scheme+"://"+parsed.Host {
			faults = append(faults, service.Setting("origins", fmt.Errorf("got %q, want scheme and host, such as https://atlas.example", origin)))
		}
	}
	return errors.Join(faults...)
}

func (c Config) checkCursorKey() error {
	switch {
	case c.CursorKey != "" && c.CursorKeyFile != "":
		return service.Setting("cursor-key-file", errors.New("given beside --cursor-key, want one of them"))
	case c.CursorKeyFile != "":
		_, err := readCursorKeys(c.CursorKeyFile)
		return service.Setting("cursor-key-file", err)
	case c.CursorKey != "":
		return service.Setting("cursor-key", checkSecret(c.CursorKey))
	default:
		return nil
	}
}

// Defaults are the settings that a gateway has unless it is given others, but for those that follow from others.
func Defaults() Config {
	var c Config
	c.setDefaults()
	return c
}

func (c Config) withDefaults() Config {
	c.setDefaults()
	c.setConnections()
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	if c.Metrics == nil {
		c.Metrics = service.NewRegistry()
	}
	return c
}

func (c *Config) setDefaults() {
	c.Listen = cmp.Or(c.Listen, ":8080")
	c.Admin = cmp.Or(c.Admin, "127.0.0.1:9090")
	c.MaxClients = cmp.Or(c.MaxClients, 20_000)
	c.MaxSubscriptions = cmp.Or(c.MaxSubscriptions, 1000)
	c.MaxMeasurements = cmp.Or(c.MaxMeasurements, 500_000)
	c.MaxMessage = cmp.Or(c.MaxMessage, 100_000)
	c.History = cmp.Or(c.History, HistoryOff)
	c.HistoryResults = cmp.Or(c.HistoryResults, 10_000)
	c.HistoryScanned = cmp.Or(c.HistoryScanned, 200_000)
	c.HistoryLateness = cmp.Or(c.HistoryLateness, time.Hour)
	c.HistoryWindow = cmp.Or(c.HistoryWindow, 10*time.Minute)
	c.HistoryWindowBytes = cmp.Or(c.HistoryWindowBytes, 16<<20)
	c.ClientReplays = cmp.Or(c.ClientReplays, 10)
	c.AddressReplays = cmp.Or(c.AddressReplays, 50)
	c.MaxReplays = cmp.Or(c.MaxReplays, 200)
	c.AddressHeader = cmp.Or(c.AddressHeader, clientip.DefaultHeader)
	c.AddressSubscriptions = cmp.Or(c.AddressSubscriptions, 20_000)
	c.AddressMemory = cmp.Or(c.AddressMemory, 32<<20)
	c.AddressQueueBytes = cmp.Or(c.AddressQueueBytes, 256<<20)
	c.AddressSteps = cmp.Or(c.AddressSteps, 10_000)
	c.AddressMessages = cmp.Or(c.AddressMessages, 1000)
	c.ConnectionMessages = cmp.Or(c.ConnectionMessages, 100)
	c.setBehind()
	c.QueueBytes = cmp.Or(c.QueueBytes, 2<<20)
	c.QueueMessages = cmp.Or(c.QueueMessages, 10_000)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 60*time.Second)
	c.PingInterval = cmp.Or(c.PingInterval, 25*time.Second)
	c.PingTimeout = cmp.Or(c.PingTimeout, 60*time.Second)
	c.StopTimeout = cmp.Or(c.StopTimeout, 20*time.Second)
}

// setConnections leaves descriptors for the admin port and Kafka, whatever is asked for, and most of the rest to others than one address.
func (c *Config) setConnections() {
	c.MaxConnections = cmp.Or(c.MaxConnections, connectionsOfClient*c.MaxClients+1000)
	c.MaxConnections = min(c.MaxConnections, service.ConnectionsFor(service.Descriptors()))
	c.AddressConnections = cmp.Or(c.AddressConnections, service.AddressConnectionsFor(c.MaxConnections))
}

func (c *Config) setBehind() {
	c.Backlog = cmp.Or(c.Backlog, 5*time.Minute)
	c.BehindTime = cmp.Or(c.BehindTime, time.Hour)
	c.BehindBytes = cmp.Or(c.BehindBytes, 1<<30)
	c.BehindReaders = cmp.Or(c.BehindReaders, 64)
	c.AddressReaders = cmp.Or(c.AddressReaders, 16)
}

func (c Config) queueLimits() sendqueue.Limits {
	const closeTimeout = 5 * time.Second
	return sendqueue.Limits{Bytes: c.QueueBytes, Messages: c.QueueMessages, WriteTimeout: c.WriteTimeout, CloseTimeout: closeTimeout}
}

func (c Config) addressLimits() ratelimit.Limits {
	return ratelimit.Limits{
		Connections:        c.AddressConnections,
		Subscriptions:      c.AddressSubscriptions,
		SubscriptionBytes:  c.AddressMemory,
		QueuedBytes:        c.AddressQueueBytes,
		Messages:           c.AddressMessages,
		ConnectionMessages: c.ConnectionMessages,
	}
}
