// Package sources tells the sources of a collector apart, and has what each may do: a file names them by token or client certificate, with rights, rates and
// shares, and is read again when it changes. A token is never part of a log line, an error or a metric.
//
//   - sources.go: who sends a request
//   - source.go: what a source may send
//   - sourcesfile.go: the file
//   - rates.go: records and bytes a second
//   - metrics.go: figures by source
package sources

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/tokens"
)

// Sources are those of a file, or everybody without one.
type Sources struct {
	file    *tokens.File[*Source]
	isOpen  bool              // there is no file
	rates   map[string]*rates // of the sources by their names; used by whatever reads the file
	metrics *metrics
}

// Everybody is the source of all requests without a file.
var Everybody = &Source{rights: allRights, rates: new(rates)}

// Open reads a file of sources. Without a path, everybody may send everything. Where no certificates of clients are asked for, a source that has one is a
// fault. The error has the file's name and fault. The registerer may be nil.
func Open(path string, certificates bool, logger *zap.Logger, registerer prometheus.Registerer) (*Sources, error) {
	s := &Sources{isOpen: path == ""}
	faulty := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "atlas_collector_sources_file_faulty", Help: "1 while the sources file is invalid and the previous sources stay valid.",
	})
	var err error
	s.file, err = tokens.Open(path, "sources", func(content []byte) ([]*Source, error) { return s.read(content, certificates) }, faulty, logger)
	s.metrics = newMetrics(registerer, faulty, func() float64 { return float64(len(s.file.Current())) })
	return s, err
}

func (s *Sources) read(content []byte, certificates bool) ([]*Source, error) {
	read, err := parse(content, certificates)
	if err == nil {
		s.keepRates(read)
	}
	return read, err
}

// keepRates has sources that were in the file before keep what their rates have been charged with.
func (s *Sources) keepRates(read []*Source) {
	//mutate:rate-forgotten
	before := s.rates
	s.rates = make(map[string]*rates, len(read))
	for _, source := range read {
		if kept := before[source.Name]; kept != nil {
			kept.limit(source.rates.records.perSecond, source.rates.bytes.perSecond)
			source.rates = kept
		}
		s.rates[source.Name] = source.rates
	}
}

// Watch reads the file again whenever it changes, until ctx ends.
func (s *Sources) Watch(ctx context.Context) {
	before := s.file.Current()
	s.file.Watch(ctx, func() {
		now := s.file.Current()
		for _, source := range before {
			if !slices.ContainsFunc(now, func(known *Source) bool { return known.Name == source.Name }) {
				s.metrics.forget(source.Name)
			}
		}
		before = now
	})
}

// Credentials are what a request says of its sender.
type Credentials struct {
	hasToken bool
	token    tokens.Digest
	names    []string // of a verified certificate
}

// CredentialsOf returns those in a request's header Authorization, and in its connection; state is nil without TLS.
func CredentialsOf(authorization string, state *tls.ConnectionState) Credentials {
	var credentials Credentials
	if token, given := tokens.InHeader(authorization); given {
		credentials.hasToken, credentials.token = true, tokens.DigestOf(token)
	}
	if state != nil && len(state.VerifiedChains) > 0 {
		credentials.names = namesOf(state.VerifiedChains[0][0])
	}
	return credentials
}

// namesOf are the alternative names of a certificate's subject; of a certificate that has none, the common name.
func namesOf(certificate *x509.Certificate) []string {
	names := slices.Concat(certificate.DNSNames, certificate.EmailAddresses)
	for _, uri := range certificate.URIs {
		names = append(names, uri.String())
	}
	if len(names) == 0 && certificate.Subject.CommonName != "" {
		names = append(names, certificate.Subject.CommonName)
	}
	return names
}

// Find returns the source of a request. A token counts more than a certificate. The error says what is missing.
func (s *Sources) Find(credentials Credentials) (*Source, error) {
	switch {
	case s.isOpen:
		return Everybody, nil
	case credentials.hasToken:
		if source, known := s.file.Find(credentials.token); known {
			return source, nil
		}
		return nil, errors.New("the token is that of no source of this collector")
	case len(credentials.names) > 0:
		return s.findCertificate(credentials.names)
	}
	return nil, errors.New("want the header Authorization: Bearer TOKEN, or a client certificate, of a source that this collector knows; got neither")
}

func (s *Sources) findCertificate(names []string) (*Source, error) {
	for _, source := range s.file.Current() {
		if source.certificate != "" && slices.Contains(names, source.certificate) {
			return source, nil
		}
	}
	return nil, fmt.Errorf("the certificate of %s is that of no source of this collector", strings.Join(names, ", "))
}
