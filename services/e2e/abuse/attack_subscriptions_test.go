package abuse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"atlasstream/services/e2e/internal/sample"
)

// The limit on all acceptedFields of a client, and the length of a name that is nearly as long as a path may be.
const mostFields, longName = 1000, 80

// attacksBySubscriptions are subscriptions that cost much memory, or much time with each record. The budgets of CPU time are several times what is allowed, as
// other load on the machine increases it; make bench measures it.
func attacksBySubscriptions() []attack {
	const perRecord = 0.005 // seconds of CPU that one address may add to a record
	const perMessage = 0.0005
	const fieldSets, fieldClients, fieldListClients = 250, 8, 200
	const failingConditions, failingClients = 1000, 9
	const alternativeClients = 10
	const churned, churnClients = 200, 2
	return []attack{
		{
			name:   "subscriptions with different acceptedFields",
			result: longTraceroute,
			launch: func(t *testing.T, b *testbed) { subscribeEach(t, b, fieldClients, differentFields(fieldSets)) },
			budgets: []budget{
				{"seconds of CPU for the subscriptions", ofGateway, cpuSeconds, fieldClients * fieldSets * perMessage, launching},
				{"bytes kept", ofGateway, bytesKept, spare + fieldClients*(2<<20), launching},
				{"seconds of CPU for the records", ofGateway, cpuSeconds, served * perRecord, serving},
			},
		},
		{
			name:   "clients with different acceptedFields",
			result: longTraceroute,
			launch: func(t *testing.T, b *testbed) {
				for _, parameters := range manyFields(fieldListClients) {
					b.attacker.mustConnect(t, webSocketPath).subscribe(parameters)
				}
			},
			budgets: []budget{{"seconds of CPU for the records", ofGateway, cpuSeconds, served * perRecord, serving}},
		},
		{
			name:   "conditions that fail",
			result: longTraceroute,
			launch: func(t *testing.T, b *testbed) { subscribeEach(t, b, failingClients, failing(failingConditions)) },
			budgets: []budget{
				{"seconds of CPU for the subscriptions", ofGateway, cpuSeconds, failingClients * failingConditions * perMessage, launching},
				{"seconds of CPU for the records", ofGateway, cpuSeconds, served * perRecord, serving},
			},
		},
		{
			name: "alternatives of equalsTo",
			launch: func(t *testing.T, b *testbed) {
				subscribeEach(t, b, alternativeClients, alternatives(60))
			},
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare + alternativeClients*5*(256<<10), launching}},
		},
		{
			name:   "subscribing and unsubscribing",
			launch: func(t *testing.T, b *testbed) { churn(t, b, churnClients, fieldsForProbes(churned), churned/2) },
			budgets: []budget{
				{"seconds of CPU for the messages", ofGateway, cpuSeconds, 2 * churnClients * churned * perMessage, launching},
				{"bytes kept", ofGateway, bytesKept, spare + churnClients*(2<<20), launching},
			},
		},
	}
}

// subscribeEach makes each of several clients subscribe to everything.
func subscribeEach(t *testing.T, b *testbed, clients int, subscriptions []string) {
	t.Helper()
	conns := make([]*attackConnection, clients)
	for n := range conns {
		conns[n] = b.attacker.mustConnect(t, webSocketPath)
		for _, parameters := range subscriptions {
			conns[n].subscribe(parameters)
		}
	}
	b.awaitRead(t, conns...)
	for n, conn := range conns {
		t.Logf("client %d: %d of %d subscriptions were taken", n, conn.count(`["atlas_subscribed"`), len(subscriptions))
	}
}

// churn makes each of several clients subscribe to everything, and then repeatedly end and renew the last subscription.
func churn(t *testing.T, b *testbed, clients int, subscriptions []string, times int) {
	t.Helper()
	conns := make([]*attackConnection, clients)
	for n := range conns {
		conn := b.attacker.mustConnect(t, webSocketPath)
		conns[n] = conn
		for _, parameters := range subscriptions {
			conn.subscribe(parameters)
		}
		last := subscriptions[len(subscriptions)-1]
		for range times {
			conn.send(`["atlas_unsubscribe",` + last + `]`)
			conn.subscribe(last)
		}
	}
	b.awaitRead(t, conns...)
}

// fieldsForProbes are subscriptions to many members of the results of every probe, and to one more member for each of many probes.
func fieldsForProbes(probes int) (subscriptions []string) {
	const lists, names = 5, 100 // as many names as a subscription may have
	for list := range lists {
		fields := make([]string, names)
		for name := range fields {
			fields[name] = fmt.Sprintf("%d.%d.%s", list, name, strings.Repeat("x", longName))
		}
		subscriptions = append(subscriptions, string(sample.JSON(map[string]any{"msm": abusedMeasurement, "acceptedFields": fields})))
	}
	for probe := range probes {
		subscriptions = append(subscriptions, fmt.Sprintf(`{"msm":%d,"prb":%d,"acceptedFields":["of%d"]}`, abusedMeasurement, probe+1, probe))
	}
	return subscriptions
}

// differentFields are subscriptions to the abused measurement that differ in the members they want. Which of them match differs with each record.
func differentFields(count int) (subscriptions []string) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range count {
		fields := []string{"number"}
		for name := range mostFields/count - 1 {
			fields = append(fields, fmt.Sprintf("%d.%d.%s", n, name, strings.Repeat("x", longName)))
		}
		some := make([]int, 0, 4*served)
		for number := range 4 * served {
			if random.IntN(2) == 0 {
				some = append(some, number)
			}
		}
		subscriptions = append(subscriptions, string(sample.JSON(map[string]any{
			"msm": abusedMeasurement, "acceptedFields": fields, "equalsTo": map[string]any{"number": some},
		})))
	}
	return subscriptions
}

// manyFields are subscriptions to the abused measurement that want some members of its results, and as many others as is allowed.
func manyFields(count int) (subscriptions []string) {
	const others = 97
	for n := range count {
		fields := []string{"number", "result.hop", "result.result.rtt"}
		for name := range others {
			fields = append(fields, fmt.Sprintf("result.result.member%d.of%d", name, n))
		}
		subscriptions = append(subscriptions, string(sample.JSON(map[string]any{"msm": abusedMeasurement, "acceptedFields": fields})))
	}
	return subscriptions
}

// failing are subscriptions whose one condition looks at all replies of a traceroute, and does not match.
func failing(count int) (subscriptions []string) {
	for n := range count {
		subscriptions = append(subscriptions, fmt.Sprintf(`{"msm":%d,"greaterTo":{"result.result.rtt":%d}}`, abusedMeasurement, 1_000_000+n))
	}
	return subscriptions
}

// alternatives are subscriptions with a thousand short alternatives each.
func alternatives(count int) (subscriptions []string) {
	const each = 1000
	for n := range count {
		list := make([]string, each)
		for i := range list {
			list[i] = string([]byte{'a' + byte(i%26), 'a' + byte(i/26)})
		}
		subscriptions = append(subscriptions, string(sample.JSON(map[string]any{
			"msm": abusedMeasurement, "equalsTo": map[string]string{fmt.Sprintf("member%d", n): strings.Join(list, " ")},
		})))
	}
	return subscriptions
}
