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
	"atlasstream/services/gateway/internal/api"
	"atlasstream/services/gateway/internal/cursorkey"
	"atlasstream/services/gateway/internal/keyring"
	"atlasstream/services/gateway/internal/peers"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// Config are the settings of a gateway. The tags of those that are flags of a command say what they mean and which default a zero value stands for.
type Config struct {
	Kafka    []string        `kong:"-"` // host:port of brokers
	Security security.Config `kong:"-"` // of the connections to Kafka

	Listener      net.Listener `kong:"-"` // instead of Listen
	AdminListener net.Listener `kong:"-"` // instead of Admin
	PeerListener  net.Listener `kong:"-"` // instead of PeerListen
	OnReady       func()       `kong:"-"` // called once the gateway is ready, and has logged that; may be nil
	Logger        *zap.Logger  `kong:"-"` // may be nil
	// Metrics takes the gateway's metrics beside those of other services in the same process; a registry of its own if it is nil.
	Metrics *prometheus.Registry `kong:"-"`

	Listen  string `help:"Address that serves clients: Socket.IO, WebSocket, plain HTTP, the read API and the web pages." default:":8080"`
	Admin   string `help:"Address that serves /metrics, /healthz, /readyz and, to clients on this machine only, /debug/pprof/." default:"127.0.0.1:9090"`
	History string `help:"Who may replay past results: nobody (off), clients whose token has the role history (token), everybody (open)." enum:"off,token,open" default:"off"`
	Tokens  string `help:"JSON file with bearer tokens and their roles. The gateway reads it again when it changes." placeholder:"FILE"`

	HistoryResults     int           `help:"Results a second that a replay may deliver on average. A replay whose speed needs more is refused." default:"10000"`
	HistoryScanned     int           `help:"Records a second that a replay may read from the log on average. A replay whose speed needs more is refused." default:"200000"`
	HistoryBack        time.Duration `help:"How far back a replay may begin; by default, as far as the log goes." placeholder:"DURATION" positive:""`
	HistoryLateness    time.Duration `help:"How late a result may arrive, compared with others of the same time, and still be in every replay. Collectors count later ones. Give collectors and gateways the same value." default:"1h"`
	HistoryWindow      time.Duration `help:"Window of time within which a replay puts results in order." default:"10m"`
	HistoryWindowBytes int           `help:"Bytes of results that a replay may hold to put them in order, for each topic that it reads." default:"16777216"`
	ClientReplays      int           `help:"Replays that a client may have at once." default:"10"`
	AddressReplays     int           `help:"Replays that all clients of an address may have at once." default:"50"`
	MaxReplays         int           `help:"Replays that the gateway runs at once." default:"200"`

	Backlog        time.Duration `help:"How far back a subscription with sendBacklog begins." default:"5m"`
	BehindTime     time.Duration `help:"How far behind a client may be, and how old its cursor. Beyond that it misses records, and a message tells it which." default:"1h"`
	BehindBytes    int           `help:"Bytes of the log that a client may be behind. Beyond that it misses records, and a message tells it which." default:"1073741824"`
	BehindReaders  int           `help:"Readers of the log that run at once for clients that are behind; further ones wait." default:"64"`
	AddressReaders int           `help:"Readers of the log that run at once for the clients of one address that are behind; further ones wait." default:"16"`
	CursorKey      string        `help:"Secret that seals cursors, the same for all gateways of a Kafka cluster; by default, the key in the topic atlas.keys. Prefer the variable or --cursor-key-file, as other users of the machine can read a command line." placeholder:"SECRET"`
	CursorKeyFile  string        `help:"File with secrets that seal cursors, one a line: the first seals new cursors, and all of them open cursors. The gateway reads it again every 5 seconds." placeholder:"FILE"`

	Peers       []string `help:"The other gateways, so that load balancers need no affinity: IP addresses with the port of --peer-listen, or names that the gateway looks up, such as dns:gateway-peers:8090. The list may have this gateway itself. By default, there are none." placeholder:"PEER"`
	PeerListen  string   `help:"Address that serves requests that other gateways pass on, where there are --peers." default:":8090"`
	PeerKey     string   `help:"Secret by which gateways know each other, the same for all of them, and another one than that of cursors. Prefer the variable or --peer-key-file, as other users of the machine can read a command line." placeholder:"SECRET"`
	PeerKeyFile string   `help:"File with secrets by which gateways know each other, one a line: the first signs, and all of them verify. The gateway reads it again every 5 seconds." placeholder:"FILE"`

	MaxPassedOn int `help:"Requests that may be passed on to other gateways at once, polls that wait and WebSockets among them." placeholder:"COUNT" positive:"" otherwise:"as many as --max-clients"`

	MaxMeasurements     int    `help:"Measurements of the registry that the gateway keeps. It leaves out further ones, and then no unknown measurement counts as public." default:"500000"`
	UnknownMeasurements string `help:"Whether to allow or to refuse subscriptions to measurements that the registry does not know." enum:"allow,refuse" default:"allow"`

	Origins          []string `help:"Origins of the web pages that may connect, such as https://atlas.example; by default, all." placeholder:"ORIGIN"`
	MaxClients       int      `help:"Clients that may be connected at once; further ones are refused." default:"20000"`
	MaxSubscriptions int      `help:"Subscriptions that a client may have." default:"1000"`
	MaxMessage       int      `help:"Bytes that a message from a client may have." default:"100000"`
	service.Proxies

	MaxConnections       int `help:"TCP connections that may be open at once, but no more than there are descriptors for (ulimit -n)." placeholder:"COUNT" positive:"" otherwise:"two for each of --max-clients, and 1000 more"`
	AddressConnections   int `help:"Connections that an address may have at once. An IPv6 address counts as its /64, and a /48 may have four times as many." placeholder:"COUNT" positive:"" otherwise:"a sixteenth of --max-connections, and no more than 1000"`
	AddressSubscriptions int `help:"Subscriptions that all clients of an address may have." default:"20000"`
	AddressMemory        int `help:"Bytes of memory that the subscriptions of an address may take." default:"33554432"`
	AddressQueueBytes    int `help:"Bytes that may wait for all clients of an address together. While there are more, 64 KiB may wait for each client." placeholder:"COUNT" positive:"" otherwise:"a quarter of --total-queue-bytes"`
	TotalQueueBytes      int `help:"Bytes that may wait for all clients of the gateway together. The more there are, the less may wait for each; those with more waiting are behind, and get their records from the log." placeholder:"COUNT" positive:"" otherwise:"a quarter of GOMEMLIMIT, which follows the container's memory, or 268435456 without a limit"`
	AddressSteps         int `help:"Steps, of about a tenth of a microsecond, that the subscriptions of an address may take for each record of a measurement." default:"10000"`
	AddressMessages      int `help:"Messages a second that an address may send, with bursts of ten seconds' worth. Reading the log for it counts as well: each 500 records as a message, and each 256 KiB of their values." default:"1000"`
	ConnectionMessages   int `help:"Messages a second that a connection may send, with bursts of ten seconds' worth." default:"100"`

	QueueBytes    int           `help:"Bytes that may wait for a client. A client that has more waiting is behind, and gets its records from the log as fast as it reads." default:"2097152"`
	QueueMessages int           `help:"Messages that may wait for a client. A client that has more waiting is behind, and gets its records from the log as fast as it reads." default:"10000"`
	WriteTimeout  time.Duration `help:"How long a client may read nothing while messages wait for it. After that it is disconnected." default:"1m"`
	PingInterval  time.Duration `help:"How often clients are pinged." default:"25s"`
	PingTimeout   time.Duration `help:"How long a client may take to answer a ping. After that it is disconnected." default:"1m"`
	DrainDelay    time.Duration `help:"How long newcomers are served after SIGTERM, until load balancers send no more. Ctrl-C skips it." default:"5s" zero:""`
	Drain         time.Duration `help:"Over how long clients are disconnected after that, one by one, and at least one a second; 0 disconnects all at once." default:"30s" zero:""`
	StopTimeout   time.Duration `help:"How long the program may take to stop after that." default:"20s"`
	MaxAge        time.Duration `help:"Around which age a client is asked to reconnect, while another one of --peers has less than 80 % as many; half a percent of the clients a second at most. By default, clients may stay for ever." placeholder:"DURATION" positive:""`
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

// minTotalQueueBytes lets a client without others have a quarter of a MiB waiting.
const minTotalQueueBytes = 16 << 20

// minQueueBytes has room for the longest record that Kafka takes by default.
const minQueueBytes = 1 << 20

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
		c.checkPeers(),
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
	peer := service.Address{Setting: "peer-listen", Value: c.PeerListen}
	switch {
	case c.PeerListener != nil:
	case len(c.Peers) > 0:
		addresses = append(addresses, peer)
	default: // nobody listens there, so the port may be another listener's
		return errors.Join(service.CheckAddresses(addresses...), service.CheckAddresses(peer))
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
	if 0 < c.QueueBytes && c.QueueBytes < minQueueBytes {
		faults = append(faults, service.Setting("queue-bytes", fmt.Errorf("got %d, want at least %d: one long record must fit", c.QueueBytes, minQueueBytes)))
	}
	if 0 < c.TotalQueueBytes && c.TotalQueueBytes < minTotalQueueBytes {
		faults = append(faults, service.Setting("total-queue-bytes", fmt.Errorf("got %d, want at least %d", c.TotalQueueBytes, minTotalQueueBytes)))
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

// cursorKeys are the operator's, or the one that the log has.
func (c Config) cursorKeys(log *eventlog.Log) keyring.Source {
	switch {
	case c.CursorKeyFile != "":
		return cursorkey.Purpose.FromFile(c.CursorKeyFile)
	case c.CursorKey != "":
		return cursorkey.Purpose.FromSecret(c.CursorKey)
	}
	return keyOfLog(log.CursorKey)
}

func (c Config) checkCursorKey() error { return checkKey("cursor-key", c.CursorKey, c.CursorKeyFile) }

// checkKey checks a secret that a setting has, or a file that the setting of the same name with -file has.
func checkKey(setting, secret, file string) error {
	switch {
	case secret != "" && file != "":
		return service.Setting(setting+"-file", fmt.Errorf("given beside --%s, want one of them", setting))
	case file != "":
		return service.Setting(setting+"-file", keyring.CheckFile(file))
	case secret != "":
		return service.Setting(setting, keyring.CheckSecret(secret))
	default:
		return nil
	}
}

func (c Config) checkPeers() error {
	faults := []error{service.Setting("peers", peers.Check(c.Peers)), c.checkMaxAge(), checkKey("peer-key", c.PeerKey, c.PeerKeyFile)}
	switch {
	case len(c.Peers) > 0 && c.PeerKey == "" && c.PeerKeyFile == "":
		faults = append(faults, service.Setting("peers", errors.New("given without --peer-key or --peer-key-file; want one of them, the same for all gateways")))
	case c.PeerKey != "" && c.PeerKey == c.CursorKey:
		faults = append(faults, service.Setting("peer-key", errors.New("got the secret of --cursor-key, want another one")))
	}
	return errors.Join(faults...)
}

func (c Config) checkMaxAge() error {
	if c.MaxAge > 0 && len(c.Peers) == 0 {
		return service.Setting("max-age", errors.New("given without --peers, so that no other gateway could be seen to have fewer clients"))
	}
	return nil
}

func (c Config) withDefaults() Config {
	service.SetDefaults(&c)
	c.setConnections()
	c.setQueueBudgets()
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	if c.Metrics == nil {
		c.Metrics = service.NewRegistry()
	}
	return c
}

// setConnections leaves descriptors for the admin port and Kafka, whatever is asked for, and most of the rest to others than one address.
func (c *Config) setConnections() {
	descriptors := service.ConnectionsFor(service.Descriptors())
	if len(c.Peers) > 0 { // what is passed on takes descriptors as well, here and at the peer, which may pass on as much
		const shares = 3
		c.MaxPassedOn = min(cmp.Or(c.MaxPassedOn, c.MaxClients), descriptors/shares)
		descriptors -= 2 * c.MaxPassedOn
	}
	c.MaxConnections = cmp.Or(c.MaxConnections, connectionsOfClient*c.MaxClients+1000)
	c.MaxConnections = min(c.MaxConnections, descriptors)
	c.AddressConnections = cmp.Or(c.AddressConnections, service.AddressConnectionsFor(c.MaxConnections))
}

// setQueueBudgets leaves three quarters of the memory to everything else, and most of what may wait for clients to those of other addresses.
func (c *Config) setQueueBudgets() {
	const withoutLimit = 1 << 30
	c.TotalQueueBytes = cmp.Or(c.TotalQueueBytes, max(minTotalQueueBytes, cmp.Or(service.MemoryLimit(), withoutLimit)/4))
	c.AddressQueueBytes = cmp.Or(c.AddressQueueBytes, c.TotalQueueBytes/4)
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

// facts are what clients may know of the settings.
func (c Config) facts() api.Facts {
	return api.Facts{
		Version:   service.Version(),
		Lateness:  c.HistoryLateness,
		Backlog:   c.Backlog,
		Behind:    c.BehindTime,
		CursorAge: c.BehindTime,
		Speed:     api.SpeedLimits{Results: c.HistoryResults, Records: c.HistoryScanned},
		Client: api.ClientLimits{
			Subscriptions: c.MaxSubscriptions, Replays: c.ClientReplays, Messages: c.ConnectionMessages, MessageBytes: c.MaxMessage,
			QueueBytes: c.QueueBytes, QueueMessages: c.QueueMessages,
		},
		Address: api.AddressLimits{
			Connections: c.AddressConnections, Subscriptions: c.AddressSubscriptions, Replays: c.AddressReplays, Messages: c.AddressMessages,
		},
	}
}
