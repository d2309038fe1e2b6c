package collector

import (
	"errors"
	"fmt"
	"net"

	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/servertls"
)

// SourceSettings say who may send records, and how a collector knows.
type SourceSettings struct {
	Sources  string `help:"JSON file with the sources that may send records: tokens or client certificates, rights, rates, weights. The collector reads it again when it changes. Without it, everybody may who reaches a loopback address." placeholder:"FILE"`
	Open     bool   `help:"Take records from everybody at any address: for a collector that only its sources reach." env:"ATLAS_INGEST_OPEN"`
	TLSCert  string `name:"tls-cert" help:"PEM file with the certificate of HTTP and gRPC; without it, they are not encrypted. It, the key and the authorities are read again when they change." placeholder:"FILE" env:"ATLAS_INGEST_TLS_CERT"`
	TLSKey   string `name:"tls-key" help:"PEM file with the key of --tls-cert." placeholder:"FILE" env:"ATLAS_INGEST_TLS_KEY"`
	ClientCA string `name:"client-ca" help:"PEM file with the authorities of sources' certificates, which are another way than tokens." placeholder:"FILE" env:"ATLAS_INGEST_CLIENT_CA"`
}

func (s SourceSettings) files() servertls.Files {
	return servertls.Files{Cert: s.TLSCert, Key: s.TLSKey, ClientCA: s.ClientCA}
}

// Check joins the faults of the settings at these addresses, those of listeners for records.
func (s SourceSettings) Check(addresses ...service.Address) error {
	faults := []error{s.files().Check()}
	switch {
	case s.Sources != "" && s.Open:
		faults = append(faults, service.Setting("open", errors.New("means nothing with sources, as only they may send then")))
	case s.Sources == "" && s.ClientCA != "":
		faults = append(faults, service.Setting("client-ca", errors.New("means nothing without sources, which have the names of certificates")))
	case s.Sources == "" && !s.Open:
		for _, address := range addresses {
			faults = append(faults, checkLoopback(address))
		}
	}
	return errors.Join(faults...)
}

// checkLoopback refuses an address that other machines may reach, as everybody could publish there.
func checkLoopback(address service.Address) error {
	host, _, err := net.SplitHostPort(address.Value)
	if err == nil && host != "localhost" && !clientip.Of(address.Value).IsLoopback() { // a malformed address is a fault by itself
		return service.Setting(address.Setting, fmt.Errorf("got %q, where everybody who reaches it could publish: "+
			"name the sources that may in a file (--sources), or want a loopback address, or --open where only your sources reach it", address.Value))
	}
	return nil
}

// ingestAddresses are those of the listeners for records.
func (c Config) ingestAddresses() []service.Address {
	addresses := []service.Address{{Setting: "listen", Value: c.Listen}, {Setting: "grpc", Value: c.GRPC}}
	for i, given := range []net.Listener{c.Listener, c.GRPCListener} {
		if given != nil {
			addresses[i].Value = given.Addr().String()
		}
	}
	return addresses
}

// warnIfPublic warns that other machines reach a listener where everybody may send, or where tokens could be read on their way.
func (c *collector) warnIfPublic(name string, listener net.Listener) {
	if clientip.Of(listener.Addr().String()).IsLoopback() {
		return
	}
	logger := c.cfg.Logger.With(zap.String("listener", name), zap.Stringer("address", listener.Addr()))
	switch {
	case c.cfg.Sources == "":
		logger.Warn("clients are not authenticated: every client that reaches this address can publish results and change the registries")
	case c.cfg.TLSCert == "":
		logger.Warn("without --tls-cert, tokens of sources are readable on their way, unless a proxy before this address encrypts them")
	}
}
