package abuse

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// attacksOnWhatIsClosed use only what is publicly known.
func attacksOnWhatIsClosed() []attack {
	return []attack{
		{
			name: "forged cursors",
			launch: func(t *testing.T, b *testbed) {
				b.honest.exchange(t, served) // before the attacker connects
				subscribeAfter(t, b, forgedCursors())
			},
		},
		{
			name:   "recovery with forged cursors",
			launch: func(t *testing.T, b *testbed) { recoverAfter(t, b, forgedCursors()) },
		},
		{
			name:   "records in Kafka that are not results",
			launch: writeForeignRecords,
		},
		{
			name:      "secrets at the admin port",
			arguments: []string{"--cursor-key", secretKey},
			launch:    readAdminPort,
		},
	}
}

// clusterID is public: the embedded broker reports it to every client.
const clusterID = "atlas-stream-embedded"

// forgedCursors are cursors before the first record of the partition, sealed with public keys, in every form that cursors have had.
func forgedCursors() (cursors []string) {
	derived := sha256.Sum256([]byte("atlas-stream cursors: cluster " + clusterID))
	for _, key := range [][]byte{derived[:], []byte("cluster " + clusterID), []byte(clusterID), {}} {
		keyID := sha256.Sum256(append([]byte("atlas-stream cursor key ID: "), key...))
		body := forgedPosition()
		mac := hmac.New(sha256.New, key)
		mac.Write(body)
		seal := mac.Sum(nil)[:8]
		for _, prefix := range [][]byte{nil, keyID[:4]} {
			cursors = append(cursors, base64.RawURLEncoding.EncodeToString(append(append(append([]byte{}, prefix...), seal...), body...)))
		}
	}
	return cursors
}

// forgedPosition is a cursor.v1.Cursor at offset 0, issued now.
func forgedPosition() []byte {
	const issued, places, measurement, live, parameters, topic, partition = 1, 2, 1, 2, 4, 1, 2
	where := appendBytes(nil, topic, eventlog.ResultsTopic)
	where = appendNumber(where, partition, uint64(eventlog.PartitionOf(abusedMeasurement, testcluster.Partitions)))
	place := appendNumber(nil, measurement, abusedMeasurement)
	place = appendBytes(place, live, string(where))
	place = appendBytes(place, parameters, fmt.Sprintf(`{"msm":%d,"cursor":""}`, abusedMeasurement))
	return appendBytes(appendNumber(nil, issued, uint64(time.Now().Unix())), places, string(place))
}

// appendNumber and appendBytes write a member of a Protocol Buffers message (protobuf.dev/programming-guides/encoding).
func appendNumber(message []byte, member byte, value uint64) []byte {
	return binary.AppendUvarint(append(message, member<<3), value)
}

func appendBytes(message []byte, member byte, value string) []byte {
	return append(binary.AppendUvarint(append(message, member<<3|2), uint64(len(value))), value...)
}

// subscribeAfter subscribes after each cursor, and must receive nothing.
func subscribeAfter(t *testing.T, b *testbed, cursors []string) {
	t.Helper()
	conn := b.attacker.mustConnect(t, webSocketPath)
	for _, cursor := range cursors {
		conn.subscribe(string(sample.JSON(map[string]any{"msm": abusedMeasurement, "cursor": cursor})))
	}
	b.awaitRead(t, conn)
	b.awaitQuiet(t)
	if got := conn.count(`["atlas_result"`); got > 0 {
		t.Errorf("%d old results were read with forged cursors", got)
	}
	if refused := conn.count(`["atlas_error","[bad_cursor]`) + conn.count(`["atlas_error","[cursor_gone]`); refused != len(cursors) {
		t.Errorf("%d of %d cursors were refused: %v", refused, len(cursors), conn.received)
	}
}

// recoverAfter recovers with each cursor, as socket.io-client does, and must receive nothing.
func recoverAfter(t *testing.T, b *testbed, cursors []string) {
	t.Helper()
	for n, cursor := range cursors {
		conn, err := b.attacker.connect(t, socketIOPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		conn.send("40" + string(sample.JSON(map[string]string{"pid": fmt.Sprintf("someone%d", n), "offset": cursor})))
		b.awaitRead(t, conn)
		b.awaitQuiet(t)
		if got := conn.count(`42["atlas_result"`); got > 0 {
			t.Errorf("cursor %d: %d old results were read with it", n, got)
		}
	}
}

// writeForeignRecords writes records that no client must receive, without and with the header of this project. They are between the results of the honest
// client.
func writeForeignRecords(t *testing.T, b *testbed) {
	t.Helper()
	const before = `{"msm_id":1001,"prb_id":1,"timestamp":1426633200,"type":"ping","number":0,`
	plain := kafkatest.NewPlain(t, b.kafka)
	writer := testcluster.OpenLog(t, b.kafka).Writer(eventlog.WriterConfig{})
	for _, text := range []string{
		"nonsense", `"text"`, `[1,2]`, before, before + `"x":}`, before + "\"x\":\"\xff\xfe\"}", before + "\"x\":\"\x00\"}", before + `"x":1}{"y":2}`,
		before + `"x":1}` + "\n" + `["atlas_error","[shutting_down]"]`,
	} {
		value := []byte(text)
		err := errors.Join(
			plain.Write(t.Context(), kafkatest.Record{Topic: eventlog.ResultsTopic, Key: strconv.Itoa(abusedMeasurement), Time: time.Now(), Value: value}),
			writer.Append(t.Context(), eventlog.ResultsTopic, []atlas.Event{{
				Stream: atlas.StreamResult, Measurement: abusedMeasurement, Probe: 1, Type: "ping", Time: time.Now(), ID: atlas.EventIDOf(value), Value: value,
			}}))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

const secretKey = "correct-horse-battery-staple"

// readAdminPort reads what the admin port shows.
func readAdminPort(t *testing.T, b *testbed) {
	t.Helper()
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1"} {
		response, err := http.Get("http://" + b.gateway.Admins[0] + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), secretKey) {
			t.Errorf("%s shows the key of the cursors", path)
		}
	}
}

// checkDefaultPorts checks the defaults in --help: ports without authentication listen on this machine only.
func checkDefaultPorts(t *testing.T, p programs) {
	t.Helper()
	for _, port := range []struct {
		program testcluster.Program
		command []string
		flag    string
	}{
		{p.gateway, nil, "admin"},
		{p.collector, []string{"serve"}, "admin"}, {p.collector, []string{"serve"}, "listen"}, {p.collector, []string{"serve"}, "grpc"},
	} {
		command, _ := testcluster.ChildCommand(t, port.program.Path, append(port.command, "--help")...)
		output, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v", command.Args, err)
		}
		if local := regexp.MustCompile(`--` + port.flag + `="?(127\.0\.0\.1|localhost|\[::1\]):`); !local.Match(output) {
			t.Errorf("%v: %s is not on 127.0.0.1 only by default", command.Args, port.flag)
		}
	}
}
