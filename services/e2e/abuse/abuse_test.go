package abuse

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
)

// The addresses that clients come from: on Linux, all of 127.0.0.0/8 is the machine itself.
const (
	attackerAddress = "127.0.0.1"
	honestAddress   = "127.0.0.2"
)

const (
	// abusedMeasurement is the one that the attacker and the honest client share, and with it a partition.
	abusedMeasurement = 1001
	// served is how many results the honest client posts and receives during an attack.
	served = 20
	// spare is how many bytes the heap of a process may grow by without an attack.
	spare = 4 << 20
)

// Services that are attacked from one address, within all limits, serve a client at another one, keep little and do little for the attack.
func TestAbuse(t *testing.T) {
	p := programs{gateway: testcluster.BuildGateway(t), collector: testcluster.BuildCollector(t)}
	for _, attack := range slices.Concat(
		attacksByMessages(), attacksBySubscriptions(), attacksByConnections(), attacksByReading(), attacksOnTheCollector(), attacksOnWhatIsClosed(),
	) {
		t.Run(attack.name, func(t *testing.T) { attack.run(t, p) })
	}
	t.Run("ports that are open by default", func(t *testing.T) { checkDefaultPorts(t, p) })
}

// programs are the services as users run them.
type programs struct{ gateway, collector testcluster.Program }

// testbed is a gateway and a collector with their default limits, each a process of its own, on an embedded broker. One address attacks them, and a client
// at another address uses them.
type testbed struct {
	kafka              []string
	gateway, collector *testcluster.Process
	honest             *honestClient
	attacker           *attacker
	filled             time.Time // the time of the results that the partitions were filled with
}

// attack is what one address does within the limits, and what that may cost.
type attack struct {
	name        string
	arguments   []string                   // of the gateway
	descriptors int                        // that the gateway may have open; that of the tests if 0
	result      func(number int) []byte    // that the honest client posts and receives; short ones if nil
	prepare     func(*testing.T, *testbed) // may be nil
	launch      func(*testing.T, *testbed)
	budgets     []budget
}

// budget limits what a process may spend on an attack.
type budget struct {
	what   string
	of     func(*testbed) *testcluster.Process
	spent  spending
	atMost float64
	during phase
}

// spending measures how much a process has spent so far. It does not depend on how long anything took.
type spending func(*testing.T, *testcluster.Process) float64

// phase is when something is spent.
type phase int

const (
	launching phase = iota // while the attack is set up
	serving                // while the honest client is served during the attack
)

func ofGateway(b *testbed) *testcluster.Process { return b.gateway }

func ofCollector(b *testbed) *testcluster.Process { return b.collector }

// run starts the attack, serves the honest client meanwhile, and compares what both cost with the budgets.
func (a attack) run(t *testing.T, p programs) {
	t.Helper()
	b := openTestbed(t, p, a)
	b.honest.exchange(t, served) // allocates what is allocated once
	if a.prepare != nil {
		a.prepare(t, b)
	}
	atFirst := a.readings(t, b, launching)
	a.launch(t, b)
	b.awaitQuiet(t)
	launched := a.readings(t, b, launching)
	before := a.readings(t, b, serving)
	b.honest.exchange(t, served)
	after := a.readings(t, b, serving)
	for i, budget := range a.budgets {
		spent := launched[i] - atFirst[i]
		if budget.during == serving {
			spent = after[i] - before[i]
		}
		t.Logf("%s: %.6g, at most %.6g", budget.what, spent, budget.atMost)
		if spent > budget.atMost {
			t.Errorf("%s: got %.6g, want at most %.6g", budget.what, spent, budget.atMost)
		}
	}
}

// readings are what has been spent so far of the budgets of a phase.
func (a attack) readings(t *testing.T, b *testbed, in phase) []float64 {
	t.Helper()
	values := make([]float64, len(a.budgets))
	for i, budget := range a.budgets {
		if budget.during == in {
			values[i] = budget.spent(t, budget.of(b))
		}
	}
	return values
}

func openTestbed(t *testing.T, p programs, a attack) *testbed {
	t.Helper()
	b := &testbed{kafka: testcluster.StartBroker(t, embedded.Config{}).Addrs()}
	b.collector = p.collector.StartCollector(t, b.kafka)
	p.gateway.Descriptors = a.descriptors
	b.gateway = p.gateway.StartGateway(t, b.kafka, a.arguments...)
	b.attacker = newAttacker(t, b.gateway.Public)
	b.honest = newHonestClient(t, b.gateway.Public, b.collector.Ingest)
	if a.result != nil {
		b.honest.result = a.result
	}
	return b
}

// awaitQuiet waits until the services are idle for a while: they have handled everything then.
func (b *testbed) awaitQuiet(t *testing.T) {
	t.Helper()
	await.Condition(t, "the services have handled the attack", b.quiet(t))
}

// quiet returns a function that reports whether the services have been idle for a while.
func (b *testbed) quiet(t *testing.T) func() bool {
	t.Helper()
	const while, idle = 500 * time.Millisecond, 0.05 // seconds of CPU within it
	taken := func() float64 { return cpuSeconds(t, b.gateway) + cpuSeconds(t, b.collector) }
	last, since := taken(), time.Now()
	return func() bool {
		if now := taken(); now-last > idle {
			last, since = now, time.Now()
		}
		return time.Since(since) > while
	}
}

// cpuSeconds is the user and system time of a process, in steps of 10 ms (proc_pid_stat(5)).
func cpuSeconds(t *testing.T, p *testcluster.Process) float64 {
	t.Helper()
	const user, system, ticksPerSecond = 11, 12, 100 // fields after the name
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	ticks := 0.0
	for _, field := range []string{fields[user], fields[system]} {
		count, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += count
	}
	return ticks / ticksPerSecond
}

// bytesKept measures heap and stacks.
func bytesKept(t *testing.T, p *testcluster.Process) float64 {
	t.Helper()
	return float64(p.Memory(t))
}

// counted measures the sum of all series of a metric that have every label, such as `limit="messages"`.
func counted(name string, labels ...string) spending {
	return func(t *testing.T, p *testcluster.Process) float64 {
		t.Helper()
		return p.Sum(t, name, labels...)
	}
}

// oneInEachPartition returns a measurement of each partition, the abused one among them.
func oneInEachPartition() (measurements []atlas.MeasurementID) {
	taken := map[int]bool{}
	for id := atlas.MeasurementID(abusedMeasurement); len(measurements) < testcluster.Partitions; id++ {
		if partition := eventlog.PartitionOf(id, testcluster.Partitions); !taken[partition] {
			taken[partition] = true
			measurements = append(measurements, id)
		}
	}
	return measurements
}
