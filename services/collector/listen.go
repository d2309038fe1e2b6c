package collector

import (
	"crypto/tls"
	"errors"
	"net"

	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/servertls"
)

// listeners are those of a collector; admin is nil if the process already has an admin port.
type listeners struct{ http, grpc, admin net.Listener }

func (c *collector) listen() (listeners, error) {
	incoming, err := service.NewConnections(service.ConnectionLimits{
		Total: c.cfg.MaxConnections, Address: c.cfg.AddressConnections, Exempt: c.proxies.Trusts,
	}, c.cfg.Logger, c.registry)
	if err != nil {
		return listeners{}, err
	}
	var l listeners
	ports := []struct {
		name, setting, address string
		given                  net.Listener
		into                   *net.Listener
	}{
		{"HTTP", "listen", c.cfg.Listen, c.cfg.Listener, &l.http},
		{"gRPC", "grpc", c.cfg.GRPC, c.cfg.GRPCListener, &l.grpc},
		{"admin", "admin", c.cfg.Admin, c.cfg.AdminListener, &l.admin},
	}
	if c.cfg.Metrics != nil {
		ports = ports[:2]
	}
	for i, port := range ports {
		listener, err := service.Listen(port.address, port.given)
		if err != nil {
			for _, opened := range ports[:i] {
				err = errors.Join(err, (*opened.into).Close())
			}
			return listeners{}, service.Setting(port.setting, err)
		}
		*port.into = listener
		service.LogListening(c.cfg.Logger, port.name, listener)
	}
	c.warnIfPublic("HTTP", l.http)
	c.warnIfPublic("gRPC", l.grpc)
	l.http, l.grpc = incoming.Limit("HTTP", l.http), incoming.Limit("gRPC", l.grpc)
	if c.certificates != nil { // gRPC has its own, so that it learns of certificates
		l.http = tls.NewListener(l.http, servertls.Config(c.certificates))
	}
	return l, nil
}
