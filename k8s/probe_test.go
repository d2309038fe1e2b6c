package k8s

import (
	"encoding/binary"
	"io"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// apiVersions is Kafka's request for the versions of its protocol: a length, the number of the request, its version, a correlation ID, and no client's name.
var apiVersions = []byte{0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff}

// The probe of Kafka asks what every version of Kafka answers, and takes nothing but an answer for one.
func TestProbeOfKafkaWaitsForAnAnswer(t *testing.T) {
	answer := binary.BigEndian.AppendUint32(nil, 100)
	answer = binary.BigEndian.AppendUint32(answer, 1) // the correlation ID
	for name, test := range map[string]struct {
		answer []byte
		isUp   bool
	}{
		"an answer":    {answer, true},
		"half of it":   {answer[:4], false},
		"a closed end": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := runProbe(t, test.answer); (err == nil) != test.isUp {
				t.Errorf("got %v", err)
			}
		})
	}
}

// runProbe runs the startup probe of Kafka against a server that gives an answer to the right request, and closes.
func runProbe(t *testing.T, answer []byte) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() { served <- serveOnce(listener, answer) }()
	command := slices.Clone(kafkaProbe(t))
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	command[len(command)-1] = strings.ReplaceAll(command[len(command)-1], "9092", port)
	result := exec.CommandContext(t.Context(), command[0], command[1:]...).Run()
	if err := <-served; err != nil {
		t.Error(err)
	}
	return result
}

func serveOnce(listener net.Listener, answer []byte) error {
	connection, err := listener.Accept()
	if err != nil {
		return err
	}
	defer connection.Close()
	request := make([]byte, len(apiVersions))
	if _, err := io.ReadFull(connection, request); err != nil {
		return err
	}
	if slices.Equal(request, apiVersions) {
		_, err = connection.Write(answer)
	}
	return err
}

func kafkaProbe(t *testing.T) []string {
	t.Helper()
	for _, workload := range render(t, "overlays/dev").workloads {
		if workload.name == "kafka" {
			return workload.template.Spec.Containers[0].StartupProbe.Exec.Command
		}
	}
	t.Fatal("there is no Kafka")
	return nil
}
