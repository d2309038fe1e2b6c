// Package auth has the bearer tokens that grant more than anonymous access: a file has them with their roles, and is reloaded when it
// changes. A token is never part of a log line, an error or a metric.
package auth

import (
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Tokens are the tokens of a file.
type Tokens struct {
	path    string
	logger  *zap.Logger
	known   atomic.Pointer[table]
	invalid prometheus.Gauge
	loaded  version // of the file when it was last read; only Watch uses it
}

// Open reads a tokens file. Without a path there are no tokens. The error has the file's name and fault.
func Open(path string, logger *zap.Logger, registerer prometheus.Registerer) (*Tokens, error) {
	tokens := &Tokens{path: path, logger: logger, invalid: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "atlas_gateway_tokens_file_faulty", Help: "1 while the tokens file is invalid and the previous tokens stay valid.",
	})}
	registerer.MustRegister(tokens.invalid, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_tokens", Help: "Valid bearer tokens.",
	}, func() float64 { return float64(len(*tokens.known.Load())) }))
	tokens.known.Store(&table{})
	if path == "" {
		return tokens, nil
	}
	return tokens, tokens.read()
}

// Find returns the bearer of a token, if there is one.
func (t *Tokens) Find(token Digest) (Bearer, bool) { return t.known.Load().find(token) }

// IsValid reports whether a bearer's token is still known, with the same roles.
func (t *Tokens) IsValid(bearer Bearer) bool {
	return slices.ContainsFunc(*t.known.Load(), func(known Bearer) bool { return known.token == bearer.token && known.Roles == bearer.Roles })
}
