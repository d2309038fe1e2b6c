package peers

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	self   = netip.MustParseAddrPort("192.0.2.1:8090")
	second = netip.MustParseAddrPort("192.0.2.2:8090")
	third  = netip.MustParseAddrPort("192.0.2.3:8090")
)

// nameServer answers with what a test sets, and counts how often it is asked.
type nameServer struct {
	mu        sync.Mutex
	addresses []netip.Addr
	err       error
	asked     int
	delay     time.Duration
}

func (n *nameServer) lookUp(ctx context.Context, _ string) ([]netip.Addr, error) {
	n.mu.Lock()
	n.asked++
	addresses, err, delay := n.addresses, n.err, n.delay
	n.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return addresses, err
}

func (n *nameServer) set(err error, peers ...netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err, n.addresses = err, nil
	for _, peer := range peers {
		n.addresses = append(n.addresses, peer.Addr())
	}
}

func (n *nameServer) lookups() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// watch follows the addresses of a name, in simulated time.
func watch(t *testing.T, logger *zap.Logger, test func(t *testing.T, names *nameServer, peers *Peers)) {
	synctest.Test(t, func(t *testing.T) {
		names := &nameServer{}
		names.set(nil, third, self, second)
		peers, err := New(Settings{Sources: []string{"dns:gateway-peers:8090"}, Listen: self, Logger: logger, LookUp: names.lookUp}, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { peers.Watch(ctx) })
		synctest.Wait()
		test(t, names, peers)
		stop()
		watching.Wait()
	})
}

func expectOthers(t *testing.T, peers *Peers, want ...netip.AddrPort) {
	t.Helper()
	synctest.Wait()
	if got := peers.Others(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPeersOfAName(t *testing.T) {
	watch(t, zap.NewNop(), func(t *testing.T, names *nameServer, peers *Peers) {
		expectOthers(t, peers, second, third)
		if got := peers.Self(); got != self {
			t.Errorf("this gateway is %s, want %s", got, self)
		}
		names.set(nil, self, third)
		time.Sleep(lookupInterval)
		expectOthers(t, peers, third)
		names.set(errors.New("no name server"))
		time.Sleep(lookupInterval)
		expectOthers(t, peers, third)
		names.set(nil, self)
		time.Sleep(lookupInterval)
		expectOthers(t, peers)
		if got := names.lookups(); got != 4 {
			t.Errorf("%d look-ups in 15 s", got)
		}
	})
}

// A peer that has just come is found before the next look-up is due, by everybody who looks for it at that time.
func TestPeerThatHasJustCome(t *testing.T) {
	watch(t, zap.NewNop(), func(t *testing.T, names *nameServer, peers *Peers) {
		come := netip.MustParseAddrPort("192.0.2.4:8090")
		names.set(nil, self, second, third, come)
		began := time.Now()
		var searches sync.WaitGroup
		for range 100 {
			searches.Go(func() {
				if _, found := peers.Find(t.Context(), func(peer netip.AddrPort) bool { return peer == come }); !found {
					t.Error("not found")
				}
			})
		}
		searches.Wait()
		if took := time.Since(began); took > minLookupInterval || names.lookups() != 2 {
			t.Errorf("took %s and %d look-ups", took, names.lookups())
		}
	})
}

// However many sessions of unknown peers there are, names are looked up once a second at most.
//
//notices:peer-lookups-unbounded
func TestAbuseLookupsAreBounded(t *testing.T) {
	watch(t, zap.NewNop(), func(t *testing.T, names *nameServer, peers *Peers) {
		const duration = 20 * time.Second
		ctx, end := context.WithTimeout(t.Context(), duration)
		defer end()
		var searches sync.WaitGroup
		for range 50 {
			searches.Go(func() {
				for ctx.Err() == nil {
					peers.Find(ctx, func(netip.AddrPort) bool { return false })
				}
			})
		}
		searches.Wait()
		if got, most := names.lookups(), 1+int(duration/minLookupInterval); got > most || got < most/2 {
			t.Errorf("%d look-ups in %s", got, duration)
		}
	})
}

// A search ends with its context though the name server does not answer, and the name server is given up.
func TestNameServerHangs(t *testing.T) {
	watch(t, zap.NewNop(), func(t *testing.T, names *nameServer, peers *Peers) {
		names.mu.Lock()
		names.delay = time.Hour
		names.mu.Unlock()
		ctx, end := context.WithTimeout(t.Context(), 2*time.Second)
		defer end()
		if _, found := peers.Find(ctx, func(netip.AddrPort) bool { return false }); found || ctx.Err() == nil {
			t.Errorf("found %v, %v", found, ctx.Err())
		}
		time.Sleep(lookupInterval + 2*lookupTimeout)
		if got := names.lookups(); got < 3 {
			t.Errorf("%d look-ups", got)
		}
		expectOthers(t, peers, second, third)
	})
}

// A gateway that its peers cannot know is told to the operator, but not while it may be too new for the DNS.
func TestGatewayIsNoneOfThePeers(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	watch(t, zap.New(core), func(_ *testing.T, names *nameServer, peers *Peers) {
		names.set(nil, second)
		time.Sleep(absentLookups*lookupInterval - time.Second)
		synctest.Wait()
		if logged.Len() > 0 {
			t.Errorf("logged %v at once", logged.TakeAll())
		}
		time.Sleep(4 * lookupInterval)
		synctest.Wait()
		if logged.FilterMessageSnippet("this gateway is none of --peers").Len() != 1 || peers.Self() != self {
			t.Errorf("logged %v", logged.TakeAll())
		}
	})
}

func TestPeersOfAList(t *testing.T) {
	peers, err := New(Settings{Sources: []string{"192.0.2.3:8090", "192.0.2.1:8090", "[::ffff:192.0.2.2]:8090"}, Listen: self, Logger: zap.NewNop()},
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if got := peers.Others(); !slices.Equal(got, []netip.AddrPort{second, third}) || peers.Self() != self {
		t.Errorf("got %v and %s", got, peers.Self())
	}
	if _, found := peers.Find(t.Context(), func(netip.AddrPort) bool { return false }); found {
		t.Error("found an unknown peer")
	}
	peers.Watch(t.Context()) // returns, as a list has nothing to look up
}

// A gateway that listens on all interfaces is known by one of the machine's addresses.
func TestOwnAddressOfTheMachine(t *testing.T) {
	peers, err := New(Settings{Sources: []string{"127.0.0.1:8090", "240.0.0.1:8090"}, Listen: netip.MustParseAddrPort("[::]:8090"), Logger: zap.NewNop()},
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if got := peers.Others(); len(got) != 1 || got[0].String() != "240.0.0.1:8090" || peers.Self().String() != "127.0.0.1:8090" {
		t.Errorf("got %v and %s", got, peers.Self())
	}
}

func TestCheck(t *testing.T) {
	if err := Check([]string{"192.0.2.1:8090", "[2001:db8::1]:8090", "dns:gateway-peers:8090", "dns:gateway-peers.atlas.svc:1"}); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:70000", "gateway:8090", "dns:gateway", "dns::8090", "dns:gateway:0", "dns:gateway:x"} {
		if err := Check([]string{wrong}); err == nil || !strings.Contains(err.Error(), "want an IP address and a port") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
}
