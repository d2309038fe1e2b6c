// Command gateway streams measurement results and probe-status events from Kafka to clients.
package main

import (
	"context"
	"time"

	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway"
)

type settings struct {
	service.Logging
	kafkasettings.Flags

	Listen  string `help:"Address for clients of the gateway: Socket.IO, WebSocket, plain HTTP and pages."`
	Admin   string `help:"Address of /metrics, /healthz and /readyz, and, for clients on this machine only, of /debug/pprof/."`
	History string `help:"Who may replay the past: nobody, bearers of a token of the role history, everybody." enum:"off,token,open" default:"off"`
	Tokens  string `help:"File with bearer tokens and their roles; read again when it changes." placeholder:"FILE"`

	HistoryResults     int           `help:"Most results a second that a replay may have on average; a higher speed is refused."`
	HistoryScanned     int           `help:"Most records of the log a second that may have to be read for a replay on average; a higher speed is refused."`
	HistoryBack        time.Duration `help:"How far back a replay may begin; as far as the log goes unless given." placeholder:"DURATION" positive:""`
	HistoryLateness    time.Duration `help:"How much later than others of its time a result still comes in, the same for collectors and gateways; later ones may be missing from replays, and collectors count them."`
	HistoryWindow      time.Duration `help:"Time within which a replay puts results in order."`
	HistoryWindowBytes int           `help:"Most bytes of results that a replay holds to put them in order, in each topic that it reads."`
	ClientReplays      int           `help:"Most replays of a client at once."`
	AddressReplays     int           `help:"Most replays of the clients of an address at once."`
	MaxReplays         int           `help:"Most replays at once."`

	Backlog        time.Duration `help:"How far back sendBacklog goes."`
	BehindTime     time.Duration `help:"How far a client may be behind, and how old a cursor may be; beyond that it is told what it misses."`
	BehindBytes    int           `help:"Most bytes of results in the log between a client and the end; beyond that it is told what it misses."`
	BehindReaders  int           `help:"Most readers of the log at once for clients that are behind; others wait for their turn."`
	AddressReaders int           `help:"Most readers of the log at once for clients of one address that are behind; addresses take turns."`
	CursorKey      string        `help:"Secret that seals cursors, the same for all gateways of a log; better given as ATLAS_CURSOR_KEY. The one in Kafka's topic atlas.keys unless given." placeholder:"SECRET"`
	CursorKeyFile  string        `help:"File with such secrets, one on each line: the first seals cursors, and all open them. It is read again every five seconds." placeholder:"FILE"`

	MaxMeasurements     int    `help:"Most measurements of the registry that are kept; beyond that further ones are left out, and none that is unknown counts as public."`
	UnknownMeasurements string `help:"Whether to allow or refuse subscriptions to measurements that the registry does not know." enum:"allow,refuse" default:"allow"`

	Origins          []string `help:"Origins of web pages that may connect, such as https://atlas.example; any unless given." placeholder:"ORIGIN"`
	MaxClients       int      `help:"Most clients at once; further ones are refused."`
	MaxSubscriptions int      `help:"Most subscriptions of a client."`
	MaxMessage       int      `help:"Most bytes in a message from a client."`
	service.Proxies

	MaxConnections       int `help:"Most TCP connections at once, never more than there are descriptors for (ulimit -n)." placeholder:"COUNT" positive:"" otherwise:"two for each of --max-clients, and 1000 more"`
	AddressConnections   int `help:"Most connections of an address at once, an IPv6 address being its /64; all of a /48 have four times as many." placeholder:"COUNT" positive:"" otherwise:"a sixteenth of --max-connections, and no more than 1000"`
	AddressSubscriptions int `help:"Most subscriptions of an address at once."`
	AddressMemory        int `help:"Most bytes of memory that the subscriptions of an address take."`
	AddressQueueBytes    int `help:"Most bytes that wait for the clients of an address together; while there are more, 64 KiB may wait for each of them."`
	AddressSteps         int `help:"Most steps, of about a tenth of a microsecond, that the subscriptions of an address take for each record of a measurement."`
	AddressMessages      int `help:"Most messages of an address a second, with bursts of ten seconds' worth; 500 records of the log that are read for it count as one, and 256 KiB of their values."`
	ConnectionMessages   int `help:"Most messages of a connection a second, with bursts of ten seconds' worth."`

	QueueBytes    int           `help:"Most bytes that wait for a client; beyond that it is fed from the log at its own pace."`
	QueueMessages int           `help:"Most messages that wait for a client; beyond that it is fed from the log at its own pace."`
	WriteTimeout  time.Duration `help:"How long a client may read nothing at all while messages wait for it."`
	PingInterval  time.Duration `help:"How often clients are asked for a sign of life."`
	PingTimeout   time.Duration `help:"How late a sign of life may be."`
	StopTimeout   time.Duration `help:"How long an orderly stop may take."`
}

// Defaults are the gateway's own.
func (*settings) Defaults() any { return gateway.Defaults() }

// Run serves until ctx ends.
func (s *settings) Run(ctx context.Context) error {
	logger, err := s.Logger("gateway")
	if err != nil {
		return err
	}
	cfg := s.config()
	cfg.Logger = logger
	return gateway.Run(ctx, cfg)
}

func (s *settings) config() gateway.Config {
	return gateway.Config{
		Kafka: s.Kafka, Security: s.Security(),
		Listen:             s.Listen,
		Admin:              s.Admin,
		Origins:            s.Origins,
		MaxClients:         s.MaxClients,
		MaxSubscriptions:   s.MaxSubscriptions,
		MaxMeasurements:    s.MaxMeasurements,
		MaxMessage:         s.MaxMessage,
		RefuseUnknown:      s.UnknownMeasurements == "refuse",
		Tokens:             s.Tokens,
		History:            s.History,
		HistoryResults:     s.HistoryResults,
		HistoryScanned:     s.HistoryScanned,
		HistoryBack:        s.HistoryBack,
		HistoryLateness:    s.HistoryLateness,
		HistoryWindow:      s.HistoryWindow,
		HistoryWindowBytes: s.HistoryWindowBytes,
		ClientReplays:      s.ClientReplays,
		AddressReplays:     s.AddressReplays,
		MaxReplays:         s.MaxReplays,
		Backlog:            s.Backlog,
		BehindTime:         s.BehindTime,
		BehindBytes:        s.BehindBytes,
		BehindReaders:      s.BehindReaders,
		AddressReaders:     s.AddressReaders,
		CursorKey:          s.CursorKey, CursorKeyFile: s.CursorKeyFile,
		TrustedProxies:       s.TrustedProxies,
		AddressHeader:        s.AddressHeader,
		MaxConnections:       s.MaxConnections,
		AddressConnections:   s.AddressConnections,
		AddressSubscriptions: s.AddressSubscriptions,
		AddressMemory:        s.AddressMemory,
		AddressQueueBytes:    s.AddressQueueBytes,
		AddressSteps:         s.AddressSteps,
		AddressMessages:      s.AddressMessages,
		ConnectionMessages:   s.ConnectionMessages,
		QueueBytes:           s.QueueBytes,
		QueueMessages:        s.QueueMessages,
		WriteTimeout:         s.WriteTimeout,
		PingInterval:         s.PingInterval,
		PingTimeout:          s.PingTimeout,
		StopTimeout:          s.StopTimeout,
	}
}

func main() {
	service.Main("gateway", "Streams measurement results and probe-status events from Kafka to clients.", &settings{})
}
