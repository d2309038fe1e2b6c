package stack

import (
	"errors"
	"net"

	"atlasstream/pkg/service"
)

// listeners are those of the whole process but the broker's, which opens its own.
type listeners struct{ public, ingest, grpc, admin net.Listener }

func (c *Config) listen() (l listeners, err error) {
	for _, one := range []struct {
		setting, address string
		into             *net.Listener
	}{{"listen", c.Listen, &l.public}, {"ingest", c.Ingest, &l.ingest}, {"grpc", c.GRPC, &l.grpc}, {"admin", c.Admin, &l.admin}} {
		if *one.into, err = service.Listen(one.address, nil); err != nil {
			return l, errors.Join(service.Setting(one.setting, err), l.close())
		}
	}
	return l, nil
}

func (l listeners) close() (err error) {
	for _, listener := range []net.Listener{l.public, l.ingest, l.grpc, l.admin} {
		if listener != nil {
			err = errors.Join(err, listener.Close())
		}
	}
	return err
}

// urlOf is where a browser on this machine finds what listens at the address.
func urlOf(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return "http://" + address.String()
	}
	_, port, _ := net.SplitHostPort(address.String()) // a TCP address has one
	return "http://localhost:" + port
}
