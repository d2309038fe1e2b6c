package kafkatest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

const (
	shownBytes = 64 << 10
	shownLines = 40
)

// Logs returns the last lines of every broker's log.
func (c *Cluster) Logs() string {
	var logs strings.Builder
	for _, broker := range c.brokers {
		fmt.Fprintf(&logs, "--- broker %d, the end of its log:\n%s\n", broker.id, tail(broker.log()))
	}
	return logs.String()
}

func tail(path string) []byte {
	file, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.Split(bytes.TrimSpace(file[max(0, len(file)-shownBytes):]), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-shownLines):], []byte("\n"))
}
