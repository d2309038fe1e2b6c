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

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// Config are the settings of a gateway. The tags of those that are flags of a command say what they mean and which default a zero value stands for.
type Config struct {
	Kafka    []string        `kong:"-"` // host:port of brokers
	Security security.Config `kong:"-"` // of the connections to Kafka

	Listener      net.Listener `kong:"-"` // instead of Listen
	AdminListener net.Listener `kong:"-"` // instead of Admin
	OnReady       func()       `kong:"-"` // called once the gateway is ready, and has logged that; may be nil
	Logger        *zap.Logger  `kong:"-"` // may be nil
	// Metrics takes the gateway's metrics beside those of other services in the same process; a registry of its own if it is nil.
	Metrics *prometheus.Registry `kong:"-"`

	Listen  string `help:"Address for clients of the gateway: Socket.IO, WebSocket, plain HTTP and pages." default:":8080"`
	Admin   string `help:"Address of /metrics, /healthz and /readyz, and, for clients on this machine only, of /debug/pprof/." default:"127.0.0.1:9090"`
	History string `help:"Who may replay the past: nobody, bearers of a token of the role history, everybody." enum:"off,token,open" default:"off"`
	Tokens  string `help:"File with bearer tokens and their roles; read again when it changes." placeholder:"FILE"`

	HistoryResults     int           `help:"Most results a second that a replay may have on average; a higher speed is refused." default:"10000"`
	HistoryScanned     int           `help:"Most records of the log a second that may have to be read for a replay on average; a higher speed is refused." default:"200000"`
	HistoryBack        time.Duration `help:"How far back a replay may begin; as far as the log goes unless given." placeholder:"DURATION" positive:""`
	HistoryLateness    time.Duration `help:"How much later than others of its time a result still comes in, the same for collectors and gateways; later ones may be missing from replays, and collectors count them." default:"1h"`
	HistoryWindow      time.Duration `help:"Time within which a replay puts results in order." default:"10m"`
	HistoryWindowBytes int           `help:"Most bytes of results that a replay holds to put them in order, in each topic that it reads." default:"16777216"`
	ClientReplays      int           `help:"Most replays of a client at once." default:"10"`
	AddressReplays     int           `help:"Most replays of the clients of an address at once." default:"50"`
	MaxReplays         int           `help:"Most replays at once." default:"200"`

	Backlog        time.Duration `help:"How far back sendBacklog goes." default:"5m"`
	BehindTime     time.Duration `help:"How far a client may be behind, and how old a cursor may be; beyond that it is told what it misses." default:"1h"`
	BehindBytes    int           `help:"Most bytes of results in the log between a client and the end; beyond that it is told what it misses." default:"1073741824"`
	BehindReaders  int           `help:"Most readers of the log at once for clients that are behind; others wait for their turn." default:"64"`
	AddressReaders int           `help:"Most readers of the log at once for clients of one address that are behind; addresses take turns." default:"16"`
	CursorKey      string        `help:"Secret that seals cursors, the same for all gateways of a log; better given as ATLAS_CURSOR_KEY. The one in Kafka's topic atlas.keys unless given." placeholder:"SECRET"`
	CursorKeyFile  string        `help:"File with such secrets, one on each line: the first seals cursors, and all open them. It is read again every five seconds." placeholder:"FILE"`

	MaxMeasurements     int    `help:"Most measurements of the registry that are kept; beyond that further ones are left out, and none that is unknown counts as public." default:"500000"`
	UnknownMeasurements string `help:"Whether to allow or refuse subscriptions to measurements that the registry does not know." enum:"allow,refuse" default:"allow"`

	Origins          []string `help:"Origins of web pages that may connect, such as https://atlas.example; any unless given." placeholder:"ORIGIN"`
	MaxClients       int      `help:"Most clients at once; further ones are refused." default:"20000"`
	MaxSubscriptions int      `help:"Most subscriptions of a client." default:"1000"`
	MaxMessage       int      `help:"Most bytes in a message from a client." default:"100000"`
	service.Proxies

	MaxConnections       int `help:"Most TCP connections at once, never more than there are descriptors for (ulimit -n)." placeholder:"COUNT" positive:"" otherwise:"two for each of --max-clients, and 1000 more"`
	AddressConnections   int `help:"Most connections of an address at once, an IPv6 address being its /64; all of a /48 have four times as many." placeholder:"COUNT" positive:"" otherwise:"a sixteenth of --max-connections, and no more than 1000"`
	AddressSubscriptions int `help:"Most subscriptions of an address at once." default:"20000"`
	AddressMemory        int `help:"Most bytes of memory that the subscriptions of an address take." default:"33554432"`
	AddressQueueBytes    int `help:"Most bytes that wait for the clients of an address together; while there are more, 64 KiB may wait for each of them." default:"268435456"`
	AddressSteps         int `help:"Most steps, of about a tenth of a microsecond, that the subscriptions of an address take for each record of a measurement." default:"10000"`
	AddressMessages      int `help:"Most messages of an address a second, with bursts of ten seconds' worth; 500 records of the log that are read for it count as one, and 256 KiB of their values." default:"1000"`
	ConnectionMessages   int `help:"Most messages of a connection a second, with bursts of ten seconds' worth." default:"100"`

	QueueBytes    int           `help:"Most bytes that wait for a client; beyond that it is fed from the log at its own pace." default:"2097152"`
	QueueMessages int           `help:"Most messages that wait for a client; beyond that it is fed from the log at its own pace." default:"10000"`
	WriteTimeout  time.Duration `help:"How long a client may read nothing at all while messages wait for it." default:"1m"`
	PingInterval  time.Duration `help:"How often clients are asked for a sign of life." default:"25s"`
	PingTimeout   time.Duration `help:"How late a sign of life may be." default:"1m"`
	StopTimeout   time.Duration `help:"How long an orderly stop may take." default:"20s"`
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

// refuseUnknown is the value of UnknownMeasurements that refuses subscriptions to them.
const refuseUnknown = "refuse"

// connectionsOfClient are the TCP connections of a client that polls: on one it waits, on another it speaks.
const connectionsOfClient = 2

// leastQueueBytes holds the longest record that Kafka takes by default.
const leastQueueBytes = 1 << 20

// Check joins every fault of the settings.
func (c Config) Check() error {
	defaulted := c.withDefaults()
	return errors.Join(
		kafkasettings.Check(c.log()),
		service.CheckNumbers(c),
		defaulted.checkListeners(),
		c.checkHistory(),
		defaulted.checkQueues(),
		c.checkOrigins(),
		c.Proxies.Check(),
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

func (c Config) withDefaults() Config {
	service.SetDefaults(&c)
	c.setConnections()
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	if c.Metrics == nil {
		c.Metrics = service.NewRegistry()
	}
	return c
}

// setConnections leaves descriptors for the admin port and Kafka, whatever is asked for, and most of the rest to others than one address.
func (c *Config) setConnections() {
	c.MaxConnections = cmp.Or(c.MaxConnections, connectionsOfClient*c.MaxClients+1000)
	c.MaxConnections = min(c.MaxConnections, service.ConnectionsFor(service.Descriptors()))
	c.AddressConnections = cmp.Or(c.AddressConnections, service.AddressConnectionsFor(c.MaxConnections))
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
