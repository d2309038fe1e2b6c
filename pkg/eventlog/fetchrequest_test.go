package eventlog

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// exchanged is a connection whose broker has answered.
type exchanged struct {
	io.Reader
	io.Writer
}

func exchange(response []byte, version int16) (*fetchedPartition, error) {
	request := &rawFetch{Request: &fetch.Request{}}
	request.Required(map[protocol.ApiKey]int16{protocol.Fetch: version})
	message, err := request.RawExchange(exchanged{bytes.NewReader(response), io.Discard})
	if err != nil {
		return nil, err
	}
	return message.(*fetchedPartition), nil
}

// Responses of every version are parsed as kafka-go does, except for the batches.
func TestResponsesOfEveryVersion(t *testing.T) {
	for version := int16(4); version <= 11; version++ {
		sent := &fetch.Response{Topics: []fetch.ResponseTopic{{Topic: "atlas.results", Partitions: []fetch.ResponsePartition{{
			Partition: 3, HighWatermark: 9, LastStableOffset: 8, LogStartOffset: 5, AbortedTransactions: []fetch.ResponseTransaction{{ProducerID: 1, FirstOffset: 6}},
			RecordSet: protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(protocol.Record{Value: protocol.NewBytes([]byte("value"))})},
		}}}}}
		var response bytes.Buffer
		if err := protocol.WriteResponse(&response, version, 1, sent); err != nil {
			t.Fatal(err)
		}
		found, err := exchange(response.Bytes(), version)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if version < 5 {
			found.logStartOffset = 5 // which it does not tell
		}
		read, err := readByUs(found.batches)
		if found.code != 0 || found.highWatermark != 9 || found.lastStableOffset != 8 || found.logStartOffset != 5 || len(found.aborted) != 1 ||
			found.aborted[0] != sent.Topics[0].Partitions[0].AbortedTransactions[0] || err != nil || len(read) != 1 || read[0].value != "value" {
			t.Errorf("version %d: got %+v with %v, %v", version, found, read, err)
		}
	}
}

// An error is that of the partition or, without any partition, that of the whole response.
func TestResponsesWithAnError(t *testing.T) {
	const notLeader = 6
	records := protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(protocol.Record{})} // kafka-go cannot write a response without
	for version, response := range map[int16]*fetch.Response{
		4:  {Topics: []fetch.ResponseTopic{{Partitions: []fetch.ResponsePartition{{ErrorCode: notLeader, RecordSet: records}}}}},
		11: {ErrorCode: notLeader},
	} {
		var sent bytes.Buffer
		if err := protocol.WriteResponse(&sent, version, 1, response); err != nil {
			t.Fatal(err)
		}
		if found, err := exchange(sent.Bytes(), version); err != nil || found.code != kafka.NotLeaderForPartition {
			t.Errorf("version %d: got %+v, %v", version, found, err)
		}
	}
}

func TestInvalidResponses(t *testing.T) {
	for want, response := range map[string][]byte{
		"reading a response: EOF":                             {},
		"a response of 3 bytes, want 4 to 268435456":          {0, 0, 0, 3, 0, 0, 0, 1},
		"a response of 4294967295 bytes, want 4 to 268435456": {255, 255, 255, 255, 0, 0, 0, 1},
		"the response to request 2, want that to 1":           {0, 0, 0, 4, 0, 0, 0, 2},
		"reading a response: unexpected EOF":                  {0, 0, 0, 9, 0, 0, 0, 1, 0},
		"a response that ends within its 1 bytes":             {0, 0, 0, 5, 0, 0, 0, 1, 0},
		"a response with 2 topics and 3 partitions of the first, want one topic and one partition": append([]byte{0, 0, 0, 66, 0, 0, 0, 1},
			slices.Concat(make([]byte, 10), []byte{0, 0, 0, 2, 0, 0, 0, 0, 0, 3}, make([]byte, 42))...),
	} {
		if _, err := exchange(response, 11); err == nil || err.Error() != want {
			t.Errorf("% x: got %v, want %s", response, err, want)
		}
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x00", 40)))
	f.Fuzz(func(_ *testing.T, body []byte) {
		for version := int16(4); version <= 11; version++ {
			_, _ = exchange(append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), 1), body...), version)
		}
	})
}
