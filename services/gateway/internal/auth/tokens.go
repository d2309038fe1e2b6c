// Package auth has the bearer tokens that grant more than anonymous access: a file has them with their roles, and is reloaded when it
// changes. A token is never part of a log line, an error or a metric.
package auth

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/tokens"
)

// Tokens are the tokens of a file.
type Tokens struct{ file *tokens.File[Bearer] }

// Open reads a tokens file. Without a path there are no tokens. The error has the file's name and fault.
func Open(path string, logger *zap.Logger, registerer prometheus.Registerer) (*Tokens, error) {
	faulty := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "atlas_gateway_tokens_file_faulty", Help: "1 while the tokens file is invalid and the previous tokens stay valid.",
	})
	file, err := tokens.Open(path, "tokens", parse, faulty, logger)
	registerer.MustRegister(faulty, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_tokens", Help: "Valid bearer tokens.",
	}, func() float64 { return float64(len(file.Current())) }))
	return &Tokens{file}, err
}

// Find returns the bearer of a token, if there is one.
func (t *Tokens) Find(token tokens.Digest) (Bearer, bool) {
	return t.file.Find(token)
}

// IsValid reports whether a bearer's token is still known, with the same roles.
func (t *Tokens) IsValid(bearer Bearer) bool {
	return slices.ContainsFunc(t.file.Current(), func(known Bearer) bool { return known.token == bearer.token && known.Roles == bearer.Roles })
}

// Watch reloads the file whenever it has changed, and then calls changed, until ctx ends. If it is invalid that is logged, and the previous tokens
// stay valid.
func (t *Tokens) Watch(ctx context.Context, changed func()) { t.file.Watch(ctx, changed) }
