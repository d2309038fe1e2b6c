// Command gateway streams measurement results and probe-status events from Kafka to clients.
package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/service"
	"atlasstream/services/gateway"
)

type settings struct {
	service.Logging

	Kafka   []string `help:"Kafka brokers, as host:port, separated by commas." default:"localhost:9092" placeholder:"HOST:PORT"`
	Listen  string   `help:"Address of the public door: Socket.IO, WebSocket and pages." default:":8080"`
	Admin   string   `help:"Address of /metrics, /healthz, /readyz and /debug/pprof/." default:":9090"`
	History string   `help:"Who may replay the past: nobody, bearers of a token, everybody. This version does not serve the past yet." enum:"off,token,open" default:"off"`
	Tokens  string   `help:"File with the tokens of --history token." type:"path" placeholder:"FILE"`

	Origins          []string      `help:"Origins of web pages that may connect, such as https://atlas.example; any unless given." placeholder:"ORIGIN"`
	MaxClients       int           `help:"Most clients at once; one more is told so and closed." default:"20000"`
	MaxSubscriptions int           `help:"Most subscriptions of a client." default:"1000"`
	MaxMessage       int           `help:"Most bytes in a message from a client." default:"100000"`
	QueueBytes       int           `help:"Most bytes that may wait for a client; one that falls further behind is told so and closed." default:"4194304"`
	QueueMessages    int           `help:"Most messages that may wait for a client; likewise." default:"10000"`
	WriteTimeout     time.Duration `help:"How long a client may read nothing at all while messages wait for it." default:"60s"`
	PingInterval     time.Duration `help:"How often clients are asked for a sign of life." default:"25s"`
	PingTimeout      time.Duration `help:"How late a sign of life may be." default:"60s"`
	StopTimeout      time.Duration `help:"How long an orderly stop may take." default:"20s"`
}

// Run serves until ctx ends.
func (s *settings) Run(ctx context.Context) error {
	logger, err := s.Logger("gateway")
	if err != nil {
		return err
	}
	if s.History != "off" || s.Tokens != "" {
		logger.Warn("this version does not serve the past yet: startTime is refused", zap.String("history", s.History))
	}
	return gateway.Run(ctx, gateway.Config{
		Kafka:            s.Kafka,
		Listen:           s.Listen,
		Admin:            s.Admin,
		Origins:          s.Origins,
		MaxClients:       s.MaxClients,
		MaxSubscriptions: s.MaxSubscriptions,
		MaxMessage:       s.MaxMessage,
		QueueBytes:       s.QueueBytes,
		QueueMessages:    s.QueueMessages,
		WriteTimeout:     s.WriteTimeout,
		PingInterval:     s.PingInterval,
		PingTimeout:      s.PingTimeout,
		StopTimeout:      s.StopTimeout,
		Logger:           logger,
	})
}

func main() {
	service.Main("gateway", "Streams measurement results and probe-status events from Kafka to clients.", &settings{})
}
