package api

import (
	"context"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/readlimit"
)

// recent remembers, for a while, answers that take much to be made: of those of an address who ask for the same at a time one has it made, and the others wait
// for that. Other addresses have it made as well, as that one may be waiting until it can pay.
type recent[K comparable, V any] struct {
	age  time.Duration // for how long an answer is good
	most int           // how many are remembered

	mu      sync.Mutex
	answers map[K]*recentAnswer[V]
	making  map[flight[K]]*making
}

type recentAnswer[V any] struct {
	made  time.Time
	value V
}

// flight is an answer that is being made for an address.
type flight[K comparable] struct {
	key  K
	site *readlimit.Account
}

// making has the token of who makes an answer.
type making struct {
	token chan struct{}
	users int // who makes it and who waits
}

// get gives an answer that is good, or has it made. Who waits for that in vain is told that the log is busy.
func (r *recent[K, V]) get(ctx context.Context, account *readlimit.Account, key K, answer func() (V, error)) (value V, err error) {
	if value, good := r.known(key); good {
		return value, nil
	}
	of := flight[K]{key, account.Site()}
	turn := r.join(of)
	defer r.leave(of)
	select {
	case turn.token <- struct{}{}:
		defer func() { <-turn.token }()
	case <-ctx.Done():
		return value, logscan.ErrBusy
	}
	if value, good := r.known(key); good {
		return value, nil
	}
	if value, err = answer(); err == nil {
		r.remember(key, value)
	}
	return value, err
}

func (r *recent[K, V]) known(key K) (value V, good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.answers[key]; known != nil && time.Since(known.made) < r.age {
		return known.value, true
	}
	return value, false
}

func (r *recent[K, V]) join(of flight[K]) *making {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.making == nil {
		r.making = make(map[flight[K]]*making)
	}
	if r.making[of] == nil {
		r.making[of] = &making{token: make(chan struct{}, 1)}
	}
	r.making[of].users++
	return r.making[of]
}

func (r *recent[K, V]) leave(of flight[K]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.making[of].users--; r.making[of].users == 0 {
		delete(r.making, of)
	}
}

// remember makes room for an answer: what is not good any more goes, and if that is not enough, any one.
func (r *recent[K, V]) remember(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil {
		r.answers = make(map[K]*recentAnswer[V])
	}
	for known, answer := range r.answers {
		if len(r.answers) >= r.most || time.Since(answer.made) >= r.age {
			delete(r.answers, known)
		}
	}
	r.answers[key] = &recentAnswer[V]{time.Now(), value}
}
