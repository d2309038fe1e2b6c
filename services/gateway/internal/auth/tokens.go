package auth

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// lookInterval is how often the file is looked at.
const lookInterval = 3 * time.Second

// Tokens are the tokens of a file.
type Tokens struct {
	path   string
	logger *zap.Logger
	known  atomic.Pointer[table]
	faulty prometheus.Gauge
	seen   version // of the file when it was last read; for Watch only
}

// version tells two contents of a file apart without reading it.
type version struct {
	changed time.Time
	size    int64
	mode    os.FileMode // who may not read it now perhaps may later
}

// Open reads a tokens file. Without a path there are no tokens. The error names the file and what is wrong with it.
func Open(path string, logger *zap.Logger, registerer prometheus.Registerer) (*Tokens, error) {
	tokens := &Tokens{path: path, logger: logger, faulty: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "atlas_gateway_tokens_file_faulty", Help: "1 while the tokens file cannot be read and what it said before is in force.",
	})}
	registerer.MustRegister(tokens.faulty, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_tokens", Help: "Bearer tokens that are known.",
	}, func() float64 { return float64(len(*tokens.known.Load())) }))
	tokens.known.Store(&table{})
	if path == "" {
		return tokens, nil
	}
	return tokens, tokens.read()
}

// Find gives the bearer of a token, if there is one.
func (t *Tokens) Find(token Digest) (Bearer, bool) { return t.known.Load().find(token) }

// InForce tells whether a bearer's token is still known, with the roles that it had when it was found.
func (t *Tokens) InForce(bearer Bearer) bool {
	return slices.ContainsFunc(*t.known.Load(), func(known Bearer) bool { return known.token == bearer.token && known.Roles == bearer.Roles })
}

// Watch reads the file again whenever it has changed, and then calls changed, until ctx ends. A file that cannot be read is logged, and what it said before
// stays in force.
func (t *Tokens) Watch(ctx context.Context, changed func()) {
	if t.path == "" {
		return
	}
	looks := time.NewTicker(lookInterval)
	defer looks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-looks.C:
			if t.look() {
				changed()
			}
		}
	}
}

// look tells whether there are other tokens than before. It logs a fault once, not each time that it finds it again.
func (t *Tokens) look() (changed bool) {
	if versionOf(os.Stat(t.path)) == t.seen {
		return false
	}
	if err := t.read(); err != nil {
		t.faulty.Set(1)
		t.logger.Error("the tokens file cannot be read; what it said before stays in force", zap.Error(err))
		return false
	}
	t.faulty.Set(0)
	t.logger.Info("the tokens file was read again", zap.Int("tokens", len(*t.known.Load())))
	return true
}

func (t *Tokens) read() error {
	info, err := os.Stat(t.path)
	t.seen = versionOf(info, err) // before reading: if it changes meanwhile, it is read again
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() { // to open one could take for ever
		return fmt.Errorf("%s: got a %s, want a regular file", t.path, info.Mode().Type())
	}
	content, err := readAtMost(t.path, maxFileBytes)
	if err != nil {
		return err
	}
	read, err := parse(content)
	if err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	t.known.Store(&read)
	return nil
}

func readAtMost(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s: got more than %d bytes, want at most that", path, limit)
	}
	return content, err
}

// versionOf takes what os.Stat returns; a file that cannot be looked at has the zero version.
func versionOf(info os.FileInfo, err error) version {
	if err != nil {
		return version{}
	}
	return version{changed: info.ModTime(), size: info.Size(), mode: info.Mode()}
}
