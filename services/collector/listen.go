package collector

import (
	"errors"
	"net"

	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/service"
)

// listeners are a collector's ports; admin is nil where the process has one already.
type listeners struct{ http, grpc, admin net.Listener }

func (c *collector) listen() (listeners, error) {
	incoming, err := service.NewConnections(service.ConnectionLimits{
		Total: c.cfg.MaxConnections, Address: c.cfg.AddressConnections, Exempt: c.proxies.Trusts,
	}, c.cfg.Logger, c.registry)
	if err != nil {
		return listeners{}, err
	}
	var l listeners
	doors := []struct {
		name, setting, address string
		given                  net.Listener
		into                   *net.Listener
	}{
		{"HTTP", "listen", c.cfg.Listen, c.cfg.Listener, &l.http},
		{"gRPC", "grpc", c.cfg.GRPC, c.cfg.GRPCListener, &l.grpc},
		{"admin", "admin", c.cfg.Admin, c.cfg.AdminListener, &l.admin},
	}
	if c.cfg.Metrics != nil {
		doors = doors[:2]
	}
	for i, door := range doors {
		listener, err := service.Listen(door.address, door.given)
		if err != nil {
			for _, opened := range doors[:i] {
				err = errors.Join(err, (*opened.into).Close())
			}
			return listeners{}, service.Setting(door.setting, err)
		}
		*door.into = listener
		service.LogListening(c.cfg.Logger, door.name, listener)
	}
	c.warnOfStrangers("HTTP", l.http)
	c.warnOfStrangers("gRPC", l.grpc)
	l.http, l.grpc = incoming.Door("HTTP", l.http), incoming.Door("gRPC", l.grpc)
	return l, nil
}

// warnOfStrangers says where a door is open to other machines: it takes from everybody who reaches it.
func (c *collector) warnOfStrangers(door string, listener net.Listener) {
	if clientip.Of(listener.Addr().String()).IsLoopback() {
		return
	}
	c.cfg.Logger.Warn("clients are not authenticated: every one that reaches this address can publish results and change the registries",
		zap.String("door", door), zap.Stringer("address", listener.Addr()))
}
