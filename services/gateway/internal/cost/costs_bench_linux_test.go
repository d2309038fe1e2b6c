package cost_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/wsframe"
)

// copyingEncoding encodes messages as endpoints do.
type copyingEncoding struct{}

func (e copyingEncoding) Event(name string, payload []byte) *wsframe.Message {
	return e.EventAt(name, payload, "")
}

func (e copyingEncoding) Cursor(cursor string) *wsframe.Message {
	return e.EventAt("atlas_cursor", nil, cursor)
}

func (copyingEncoding) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	text := wsframe.Blank(len(name) + len(payload) + len(cursor) + len(`["",,""]`))
	text = append(append(append(text, `["`...), name...), `",`...)
	text = append(append(append(text, payload...), `,"`...), cursor...)
	return wsframe.Written(append(text, `"]`...))
}

// traceroute is a result of so many hops, each of some 210 bytes.
func traceroute(hops int) atlas.Record {
	var text strings.Builder
	text.WriteString(`{"msm_id":1001,"prb_id":7,"af":4,"timestamp":1787541897,"type":"traceroute","result":[`)
	for hop := range hops {
		fmt.Fprintf(&text, `{"hop":%d,"result":[`, hop+1)
		for reply := range 3 {
			fmt.Fprintf(&text, `{"from":"10.0.%d.%d","ttl":%d,"size":28,"rtt":%d.%03d,"itos":0},`, hop%256, reply, 255-hop%200, hop, reply)
		}
		text.WriteString(`{"x":"*"}]},`)
	}
	return sessiontest.Record(atlas.StreamResult, 1001, 7, strings.TrimSuffix(text.String(), ",")+"]}")
}

// traceMembers are the members of a traceroute, of which there are as many different choices as numbers of so many bits.
var traceMembers = []string{
	"result.result.from", "result.result.ttl", "result.result.size", "result.result.rtt", "result.result.itos", "result.hop", "msm_id", "prb_id", "af", "timestamp", "type",
}

// choice is most of them.
func choice(number int) string {
	var chosen []string
	for i, member := range traceMembers {
		if number>>i&1 == 0 {
			chosen = append(chosen, `"`+member+`"`)
		}
	}
	return strings.Join(chosen, ",")
}

func several(count int, format string, number int) string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprintf(format, number, i)
	}
	return strings.Join(all, " ")
}

// asking are ways to ask for a lot: so many clients with so many subscriptions each.
var asking = []struct {
	name          string
	clients, each int
	remembers     bool
	parameters    func(client, number int) string
}{
	{"all", 1000, 1, false, func(_, _ int) string { return `{"msm":1001}` }},
	{"a probe", 1000, 1, false, func(client, _ int) string { return fmt.Sprintf(`{"msm":1001,"prb":%d}`, 10+client) }},
	{"a hundred probes", 100, 100, false, func(_, number int) string { return fmt.Sprintf(`{"msm":1001,"prb":%d}`, 10+number) }},
	{"conditions on a member", 5, 1000, false, func(_, number int) string { return fmt.Sprintf(`{"msm":1001,"greaterTo":{"af":%d}}`, 10+number) }},
	{"conditions on replies", 5, 1000, false, func(_, number int) string {
		return fmt.Sprintf(`{"msm":1001,"greaterTo":{"result.result.rtt":%d}}`, 1_000_000+number)
	}},
	{"prefixes of replies", 5, 1000, false, func(_, number int) string {
		return fmt.Sprintf(`{"msm":1001,"passThroughPrefix":"200.%d.%d.0/24"}`, number/250, number%250)
	}},
	{"alternatives of a member", 100, 1, false, func(client, _ int) string {
		return fmt.Sprintf(`{"msm":1001,"equalsTo":{"prb_id":"%s"}}`, several(1000, "9%03d%03d", client))
	}},
	{"alternatives of replies", 100, 1, false, func(client, _ int) string {
		return fmt.Sprintf(`{"msm":1001,"equalsTo":{"result.result.from":"%s"}}`, several(1000, "10.0.%d.x%d", client))
	}},
	{"few alternatives of replies", 100, 10, false, func(client, number int) string {
		return fmt.Sprintf(`{"msm":1001,"equalsTo":{"result.result.from":"%s"}}`, several(60, "10.0.%d.x%d", client*10+number))
	}},
	{"one condition", 1, 1, false, func(_, _ int) string { return `{"msm":1001,"equalsTo":{"result.result.from":"x"}}` }},
	{"the same acceptedFields", 1000, 1, false, func(_, _ int) string { return `{"msm":1001,"acceptedFields":["prb_id","result.hop"]}` }},
	{"different acceptedFields", 100, 1, false, func(client, _ int) string { return fmt.Sprintf(`{"msm":1001,"acceptedFields":[%s]}`, choice(client)) }},
	{"several acceptedFields", 100, 10, false, func(client, number int) string {
		return fmt.Sprintf(`{"msm":1001,"acceptedFields":[%s,"a%d"]}`, choice(client), number)
	}},
	{"arrays", 200, 1, false, func(_, _ int) string { return `{"msm":1001,"buffering":true}` }},
	{"a cursor", 100, 1, true, func(_, _ int) string { return `{"msm":1001,"cursor":""}` }},
	{"a cursor for twenty", 100, 20, true, func(_, number int) string { return fmt.Sprintf(`{"msm":%d,"cursor":""}`, 1001+number) }},
}

// BenchmarkSteps tells how much processor time a step takes, for each kind of subscription that costs steps and for results of several lengths. Between two
// results it has the processor forget them, as it does at a gateway, where others want it meanwhile.
func BenchmarkSteps(b *testing.B) {
	for _, ask := range asking {
		for _, hops := range []int{3, 18, 60, 300} {
			result := traceroute(hops)
			b.Run(fmt.Sprintf("%s/%d-bytes", ask.name, len(result.Value)), func(b *testing.B) {
				hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 20_000, Subscriptions: 1000, Steps: 1 << 40}, Cursors: sessiontest.NewSealedCursors("the secret of a test")})
				for client := range ask.clients {
					subscriber := hub.MustJoinFrom(b, sessiontest.Attacker, &sessiontest.DiscardingClient{Encoder: copyingEncoding{}, SessionCursors: ask.remembers})
					defer subscriber.Leave()
					for number := range ask.each {
						sessiontest.MustSubscribe(b, subscriber, ask.parameters(client, number))
					}
				}
				micros := timeDeliveries(b, hub, result)
				charged := stepsPerResult(hub)
				b.ReportMetric(micros, "µs/result")
				b.ReportMetric(float64(charged), "steps/result")
				b.ReportMetric(1000*micros/float64(charged), "ns/step")
			})
		}
	}
}

// timeDeliveries is how much processor time it takes to deliver a result: that of most of them, in microseconds.
func timeDeliveries(b *testing.B, h *sessiontest.Hub, result atlas.Record) float64 {
	b.Helper()
	for range 2 * 256 { // by which it is known how long results are
		h.Results.Deliver(0, []atlas.Record{result})
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	forgotten, took := make([]byte, 64<<20), make([]float64, 0, b.N)
	for b.Loop() {
		for i := 0; i < len(forgotten); i += 64 {
			forgotten[i]++
		}
		began := threadTime(b)
		h.Results.Deliver(0, []atlas.Record{result})
		took = append(took, threadTime(b)-began)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// threadTime is the processor time that this thread has taken, in microseconds.
func threadTime(b *testing.B) float64 {
	b.Helper()
	var taken unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &taken); err != nil {
		b.Fatal(err)
	}
	return float64(taken.Nano()) / 1000
}

// stepsPerResult is what the one address costs for a result, but for the writing, which there is none of here.
func stepsPerResult(h *sessiontest.Hub) (steps int) {
	for _, charged := range sessiontest.Charged(h.Results.Partition(0))[1001] {
		steps = max(steps, charged.Steps.Plus(charged.Writes.Times(-1)).Of(charged.Bytes))
	}
	return steps
}
