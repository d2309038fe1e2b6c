package readlimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// taken records in which order accounts get permits, each of which is held until the test releases it.
type taken struct {
	pool     *Pool
	mu       sync.Mutex
	order    []string
	releases []func()
}

func (k *taken) acquire(name string, account *Account) {
	go func() {
		release, err := k.pool.Acquire(context.Background(), account)
		if err != nil {
			panic(err) // the context does not end
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.order = append(k.order, name)
		k.releases = append(k.releases, release)
	}()
	synctest.Wait()
}

// releaseNext releases the permit that was granted first.
func (k *taken) releaseNext() {
	k.mu.Lock()
	next := k.releases[0]
	k.releases = k.releases[1:]
	k.mu.Unlock()
	next()
	synctest.Wait()
}

func (k *taken) count(name string) (count int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, got := range k.order {
		if got == name {
			count++
		}
	}
	return count
}

// An account has at most its share of permits, and another one waits for only one of them if all are held.
func TestAbuseOneAccountDoesNotHoldThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		permits := &taken{pool: NewPool(4, 2)}
		first, second, honest := &Account{}, &Account{}, &Account{}
		for range 100 {
			permits.acquire("first", first)
		}
		if got := permits.count("first"); got != 2 {
			t.Errorf("one account holds %d permits of 4, want 2", got)
		}
		for range 100 {
			permits.acquire("second", second)
		}
		permits.acquire("honest", honest)
		if held, waiting := permits.pool.Usage(); held != 4 || waiting != 197 {
			t.Errorf("%d are held and %d waited for, want 4 and 197", held, waiting)
		}
		permits.releaseNext()
		permits.releaseNext()
		if permits.count("honest") != 1 {
			t.Errorf("got %v, want the honest one within two permits", permits.order)
		}
		for len(permits.releases) > 0 {
			permits.releaseNext()
		}
		if held, waiting := permits.pool.Usage(); held != 0 || waiting != 0 || len(permits.pool.accounts) != 0 {
			t.Errorf("%d are held, %d waited for and %d accounts known at the end", held, waiting, len(permits.pool.accounts))
		}
	})
}

// Accounts get permits in turn, in whatever order they ask.
//
//notices:readers-first-come
func TestPermitsAreGrantedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		permits := &taken{pool: NewPool(1, 1)}
		accounts := map[string]*Account{"a": {}, "b": {}, "c": {}}
		for _, name := range []string{"a", "a", "a", "b", "b", "c"} {
			permits.acquire(name, accounts[name])
		}
		for len(permits.order) < 6 {
			permits.releaseNext()
		}
		permits.releaseNext()
		for i, want := range []string{"a", "b", "c", "a", "b", "a"} {
			if i == 1 && permits.order[1] == "a" { // which waited before the others
				t.Fatalf("got %v", permits.order)
			}
			if permits.order[i] != want {
				t.Fatalf("got %v", permits.order)
			}
		}
	})
}

// A cancelled request leaves nothing behind, whether or not its permit is granted at the same time.
func TestPoolKeepsItsLimits(t *testing.T) {
	pool := NewPool(3, 2)
	accounts := []*Account{{}, {}, {}}
	var all, most atomic.Int64
	var of [3]atomic.Int64
	var people sync.WaitGroup
	for person := range 30 {
		people.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(person)))
			for range 200 {
				number := random.IntN(len(accounts))
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(200))*time.Microsecond)
				release, err := pool.Acquire(ctx, accounts[number])
				if err == nil {
					if all.Add(1) > 3 || of[number].Add(1) > 2 {
						most.Add(1)
					}
					of[number].Add(-1)
					all.Add(-1)
					release()
				} else if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	people.Wait()
	if held, waiting := pool.Usage(); most.Load() > 0 || held != 0 || waiting != 0 || len(pool.accounts) != 0 {
		t.Errorf("%d times too many; at the end %d are held and %d waited for, of %d accounts", most.Load(), held, waiting, len(pool.accounts))
	}
}
