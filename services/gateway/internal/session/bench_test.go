package session

import (
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
)

// sink is a client that takes everything and keeps nothing.
type sink struct{}

func (*sink) Encoding() delivery.Encoding             { return plain{} }
func (*sink) Enqueue(*sendqueue.Message) error        { return nil }
func (*sink) Flush()                                  {}
func (*sink) Overflow()                               {}
func (*sink) Writable() (<-chan struct{}, error)      { return nil, nil }
func (*sink) EnqueueControl(*sendqueue.Message) error { return nil }
func (*sink) BeginCursors() bool                      { return false }

func (*sink) Complaint(refusal *protocol.Error) *sendqueue.Message {
	return delivery.ErrorMessage(plain{}, refusal)
}

func benchmarkDeliver(b *testing.B, house *house, records ...atlas.Record) {
	before := house.counted(b, "atlas_gateway_messages_delivered_total")
	b.ReportAllocs()
	for b.Loop() {
		house.deliver(records...)
	}
	messages := house.counted(b, "atlas_gateway_messages_delivered_total") - before
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/messages, "ns/message")
}

func BenchmarkDeliver(b *testing.B) {
	for _, clients := range []int{1, 1000} {
		b.Run(fmt.Sprintf("%d-clients", clients), func(b *testing.B) {
			house := newHouse()
			for range clients {
				subscribe(b, house.join(b, &sink{}), `{"msm":1001}`)
			}
			benchmarkDeliver(b, house, result(1001, 7))
		})
	}
}

// A thousand clients have as many different filters, of which each matches one record of a hundred.
func BenchmarkDeliverFiltered(b *testing.B) {
	house := newHouse()
	for i := range 1000 {
		subscribe(b, house.join(b, &sink{}), fmt.Sprintf(`{"msm":1001,"equalsTo":{"lts":%d},"lessThan":{"avg":%d}}`, i%100, 17+i/100))
	}
	records := make([]atlas.Record, 100)
	for i := range records {
		records[i] = ping(i)
	}
	benchmarkDeliver(b, house, records...)
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(records)), "µs/record")
}

// Several subscriptions with long lists of members cost no more for a record than one.
func BenchmarkDeliverUnion(b *testing.B) {
	house := newHouse()
	subscriber := house.join(b, &sink{})
	for i := range 3 {
		subscribe(b, subscriber, fmt.Sprintf(`{"msm":1001,"acceptedFields":["a%d","b%d","prb_id"]}`, i, i))
	}
	benchmarkDeliver(b, house, result(1001, 7))
}

func BenchmarkDeliverBuffered(b *testing.B) {
	for _, parameters := range []string{`{"msm":1001,"buffering":true}`, `{"msm":1001,"buffering":true,"acceptedFields":["prb_id","timestamp"]}`} {
		b.Run(parameters, func(b *testing.B) {
			house := newHouse()
			for range 1000 {
				subscriber := house.join(b, &sink{})
				subscribe(b, subscriber, parameters)
				defer subscriber.Leave()
			}
			benchmarkDeliver(b, house, ping(21))
		})
	}
}

// ping is a result of a kilobyte.
func ping(lts int) atlas.Record {
	value := fmt.Appendf(nil, `{"fw":5100,"mver":"2.6.2","lts":%d,"dst_name":"k.root-servers.net","af":4,"dst_addr":"193.0.14.129","src_addr":"192.168.1.17",`+
		`"proto":"ICMP","ttl":55,"size":48,"result":[`, lts)
	for i := range 16 {
		if i > 0 {
			value = append(value, ',')
		}
		value = fmt.Appendf(value, `{"rtt":%d.498,"x":"*","dup":1,"ttl":%d}`, i+10, i+40)
	}
	value = append(value, `],"dup":0,"rcvd":3,"sent":3,"min":15.498,"max":16.9,"avg":16.1,"msm_id":1001,"prb_id":7,"timestamp":1787541897,`+
		`"msm_name":"Ping","from":"192.0.2.17","type":"ping","group_id":1001,"step":240,"stored_timestamp":1787541999}`...)
	return record(atlas.StreamResult, 1001, 7, string(value))
}
