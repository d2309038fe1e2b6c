package security

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// Wrap returns an encrypted connection over one to a broker's address, host:port, after the handshake; without TLS, the given one. The caller closes
// that connection, also after an error.
func (c Config) Wrap(ctx context.Context, connection net.Conn, address string) (net.Conn, error) {
	if !c.TLS {
		return connection, nil
	}
	settings, err := c.tlsFor(address)
	if err != nil {
		return nil, err
	}
	encrypted := tls.Client(connection, settings)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS to %s: %w", address, err)
	}
	return encrypted, nil
}

func (c Config) tlsFor(address string) (settings *tls.Config, err error) {
	settings = &tls.Config{ServerName: c.ServerName, MinVersion: tls.VersionTLS12}
	if settings.ServerName == "" {
		if settings.ServerName, _, err = net.SplitHostPort(address); err != nil {
			return nil, err
		}
	}
	if c.CA != "" {
		if settings.RootCAs, err = c.readCA(); err != nil {
			return nil, &FieldError{"ca", err}
		}
	}
	if c.Cert != "" {
		cert, err := c.readCert()
		if err != nil {
			return nil, &FieldError{"cert", err}
		}
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	}
	return settings, nil
}

func (c Config) readCA() (*x509.CertPool, error) {
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate, want at least one in PEM", c.CA)
	}
	return pool, nil
}

func (c Config) readCert() (tls.Certificate, error) { return tls.LoadX509KeyPair(c.Cert, c.Key) }
