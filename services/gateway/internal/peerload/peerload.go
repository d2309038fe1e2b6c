// Package peerload has gateways tell each other how many clients they have.
package peerload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Path is where a gateway tells the others its load.
const Path = "/load"

const (
	// interval is how often the others are asked.
	interval = 2 * time.Second
	// timeout is for each answer.
	timeout = time.Second
	// maxBytes is how long an answer may be.
	maxBytes = 1 << 10
)

// Load is what a gateway says of itself.
type Load struct {
	Clients int  `json:"clients"`
	Serving bool `json:"serving"` // it takes new clients, as it is ready and does not drain
}

// Handler tells the own load.
func Handler(own func(context.Context) Load) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(own(r.Context())) // the other gateway may be gone
	})
}

// Settings are how the others are asked.
type Settings struct {
	Peers  func() []netip.AddrPort // as they are known now
	Sign   func(*http.Request)     // so that they believe the request
	Client *http.Client
	Logger *zap.Logger
}

// Watcher knows how many clients the other gateways have.
type Watcher struct {
	settings Settings

	mu     sync.Mutex
	fewest int
	known  bool
}

// NewWatcher makes a Watcher that knows nothing before Run.
func NewWatcher(settings Settings) *Watcher { return &Watcher{settings: settings} }

// Fewest is how many clients the emptiest of the others has that serves. It is false where none is known that does.
func (w *Watcher) Fewest() (clients int, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fewest, w.known
}

// Run asks the others until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		w.askAll(ctx)
	}
}

// askAll leaves out those that do not answer.
func (w *Watcher) askAll(ctx context.Context) {
	peers := w.settings.Peers()
	loads := make([]Load, len(peers))
	var asking sync.WaitGroup
	for i, peer := range peers {
		asking.Go(func() {
			var err error
			if loads[i], err = w.ask(ctx, peer); err != nil && ctx.Err() == nil {
				w.settings.Logger.Debug("a peer does not tell its load", zap.Stringer("peer", peer), zap.Error(err))
			}
		})
	}
	asking.Wait()
	fewest, known := fewestOf(loads)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fewest, w.known = fewest, known
}

func fewestOf(loads []Load) (clients int, known bool) {
	for _, load := range loads {
		//mutate:draining-peer-counts
		if load.Serving && (!known || load.Clients < clients) {
			clients, known = load.Clients, true
		}
	}
	return clients, known
}

func (w *Watcher) ask(ctx context.Context, peer netip.AddrPort) (Load, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+peer.String()+Path, nil)
	if err != nil {
		return Load{}, err
	}
	w.settings.Sign(request)
	response, err := w.settings.Client.Do(request)
	if err != nil {
		return Load{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Load{}, errors.New(response.Status)
	}
	return parse(response.Body)
}

// parse reads an answer. The error says what is wrong with it.
func parse(answer io.Reader) (load Load, err error) {
	if err := json.NewDecoder(io.LimitReader(answer, maxBytes)).Decode(&load); err != nil {
		return Load{}, err
	}
	if load.Clients < 0 {
		return Load{}, fmt.Errorf("clients: got %d, want 0 or more", load.Clients)
	}
	return load, nil
}
