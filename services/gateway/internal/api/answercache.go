package api

import (
	"context"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/readlimit"
)

// answerCache keeps expensive answers for a while. Of the clients of one address that ask for the same at the same time, one computes the answer and the
// others wait. Clients of other addresses compute it too, as the first one may be waiting until it can pay.
type answerCache[K comparable, V any] struct {
	ttl      time.Duration // of an answer
	capacity int           // in answers

	mu      sync.Mutex
	answers map[K]*cachedAnswer[V]
	flights map[flightKey[K]]*flight
}

type cachedAnswer[V any] struct {
	made  time.Time
	value V
}

// flightKey names an answer that is being computed for an address.
type flightKey[K comparable] struct {
	key  K
	site *readlimit.Account
}

// flight has the token of the client that computes an answer.
type flight struct {
	token chan struct{}
	users int // the client that computes it and those that wait
}

// get returns a cached answer, or computes it. It returns ErrBusy if ctx ends while another client computes it.
func (r *answerCache[K, V]) get(ctx context.Context, account *readlimit.Account, key K, answer func() (V, error)) (value V, err error) {
	if value, good := r.lookup(key); good {
		return value, nil
	}
	flying := flightKey[K]{key, account.Site()}
	shared := r.joinFlight(flying)
	defer r.leaveFlight(flying)
	select {
	case shared.token <- struct{}{}:
		defer func() { <-shared.token }()
	case <-ctx.Done():
		return value, answerscan.ErrBusy
	}
	if value, good := r.lookup(key); good {
		return value, nil
	}
	if value, err = answer(); err == nil {
		r.store(key, value)
	}
	return value, err
}

func (r *answerCache[K, V]) lookup(key K) (value V, good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.answers[key]; known != nil && time.Since(known.made) < r.ttl {
		return known.value, true
	}
	return value, false
}

func (r *answerCache[K, V]) joinFlight(of flightKey[K]) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flights == nil {
		r.flights = make(map[flightKey[K]]*flight)
	}
	if r.flights[of] == nil {
		r.flights[of] = &flight{token: make(chan struct{}, 1)}
	}
	r.flights[of].users++
	return r.flights[of]
}

func (r *answerCache[K, V]) leaveFlight(of flightKey[K]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flights[of].users--; r.flights[of].users == 0 {
		delete(r.flights, of)
	}
}

// store makes room for an answer: it deletes expired ones and, if that is not enough, any one.
func (r *answerCache[K, V]) store(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil {
		r.answers = make(map[K]*cachedAnswer[V])
	}
	for known, answer := range r.answers {
		if len(r.answers) >= r.capacity || time.Since(answer.made) >= r.ttl {
			delete(r.answers, known)
		}
	}
	r.answers[key] = &cachedAnswer[V]{time.Now(), value}
}
