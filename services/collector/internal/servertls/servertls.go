// Package servertls has the TLS of listeners, by files that are read again when they are renewed.
package servertls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/reload"
	"atlasstream/pkg/service"
)

// Files are in PEM.
type Files struct {
	Cert, Key string // of the server; none: no TLS
	ClientCA  string // authorities of the certificates of clients; none: clients are not asked for one
}

// Check joins the faults of what is given, without reading it.
func (f Files) Check() error {
	var faults []error
	if f.Cert != "" && f.Key == "" {
		faults = append(faults, service.Setting("tls-cert", errors.New("means nothing without its key, tls-key")))
	}
	if f.Key != "" && f.Cert == "" {
		faults = append(faults, service.Setting("tls-key", errors.New("means nothing without tls-cert")))
	}
	if f.ClientCA != "" && f.Cert == "" {
		faults = append(faults, service.Setting("client-ca", errors.New("means nothing without tls-cert")))
	}
	return errors.Join(faults...)
}

// Certificates are what the files say now.
type Certificates = reload.Files[*tls.Config]

// Open reads the files. Without any, it returns nil. The registerer may be nil.
func Open(files Files, logger *zap.Logger, registerer prometheus.Registerer) (*Certificates, error) {
	if files.Cert == "" {
		return nil, nil //nolint:nilnil // no TLS is no fault
	}
	paths := []string{files.Cert, files.Key}
	if files.ClientCA != "" {
		paths = append(paths, files.ClientCA)
	}
	faulty := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "atlas_collector_certificates_faulty", Help: "1 while the files of TLS are invalid and the previous certificates stay valid.",
	})
	if registerer != nil {
		registerer.MustRegister(faulty)
	}
	certificates, err := reload.Open(reload.Config[*tls.Config]{
		What: "certificates", Paths: paths, Parse: files.parse, Faulty: faulty, Logger: logger,
		Count: func(config *tls.Config) int { return len(config.Certificates[0].Certificate) },
	})
	return certificates, service.Setting("tls-cert", err)
}

// parse makes what a handshake needs of the contents.
func (f Files) parse(contents [][]byte) (*tls.Config, error) {
	own, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Cert, err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		SessionTicketsDisabled: true, // which would let a client return without its certificate being verified by the authorities of now
	}
	if len(contents) > 2 {
		config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven // as a token is the other way
		if !config.ClientCAs.AppendCertsFromPEM(contents[2]) {
			return nil, fmt.Errorf("%s has no certificate, want at least one in PEM", f.ClientCA)
		}
	}
	return config, nil
}

// Config is for a server, each of whose handshakes uses the files as they are then.
func Config(certificates *Certificates) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: certificates.Current().NextProtos, SessionTicketsDisabled: true,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return certificates.Current(), nil },
	}
}
