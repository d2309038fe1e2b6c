package api

import (
	"context"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/logscan"
)

// recent remembers, for a while, answers that take much to be made: of those who ask for the same at a time one has it made, and the others wait for that.
type recent[K comparable, V any] struct {
	age  time.Duration // for how long an answer is good
	most int           // how many are remembered

	mu      sync.Mutex
	answers map[K]*recentAnswer[V]
}

// recentAnswer is one. Who makes it or looks at it holds the token.
type recentAnswer[V any] struct {
	token chan struct{}
	made  time.Time // zero if it was not
	value V
}

// get gives an answer that is good, or has it made. Who waits for that in vain is told that the log is busy.
func (r *recent[K, V]) get(ctx context.Context, key K, answer func() (V, error)) (value V, err error) {
	known := r.of(key)
	select {
	case known.token <- struct{}{}:
		defer func() { <-known.token }()
	case <-ctx.Done():
		return value, logscan.ErrBusy
	}
	if !known.made.IsZero() && time.Since(known.made) < r.age {
		return known.value, nil
	}
	if value, err = answer(); err == nil {
		known.value, known.made = value, time.Now()
	}
	return value, err
}

func (r *recent[K, V]) of(key K) *recentAnswer[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil {
		r.answers = make(map[K]*recentAnswer[V])
	}
	if r.answers[key] == nil {
		r.makeRoom()
		r.answers[key] = &recentAnswer[V]{token: make(chan struct{}, 1)}
	}
	return r.answers[key]
}

// makeRoom forgets any one if there are too many.
func (r *recent[K, V]) makeRoom() {
	for key := range r.answers {
		if len(r.answers) < r.most {
			return
		}
		delete(r.answers, key)
	}
}
