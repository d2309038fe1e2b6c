package capacity

import (
	"bytes"
	_ "embed" // of the costs
	"encoding/json"
	"fmt"
	"io"
	"os"
)

//go:embed costs.json
var measured []byte

// Measured are the costs that the benchmark found last; docs/capacity.md says where and how.
func Measured() (Costs, error) { return Read(bytes.NewReader(measured)) }

// Read reads costs as Save writes them.
func Read(from io.Reader) (costs Costs, err error) {
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	return costs, decoder.Decode(&costs)
}

// Save writes the costs as JSON.
func (c Costs) Save(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// Print prints a row for each cost, for a tabwriter.
func (c Costs) Print(to io.Writer) {
	for _, row := range []struct {
		what  string
		value float64
		unit  string
	}{
		{"running", c.Running / 1000, "ms of CPU a second"},
		{"following a partition", c.Followed, "µs of CPU a second"},
		{"a fetch that brings records", c.Fetch, "µs of CPU"},
		{"a record", c.Record, "µs of CPU"},
		{"a record that a client gets", c.Match, "µs of CPU more"},
		{"a write to a client that sleeps", c.Wake, "µs of CPU more"},
		{"a write to a client", c.Write, "µs of CPU"},
		{"a result in it", c.Result, "µs of CPU"},
		{"a client that connects and subscribes", c.Connection, "µs of CPU"},
		{"a gateway with a client and a partition", c.Gateway / (1 << 20), "MiB resident"},
		{"a further client", c.Client / (1 << 10), "KiB"},
		{"a further partition", c.Partition / (1 << 10), "KiB"},
		{"a result in Kafka's log", c.Stored, "bytes a replica"},
	} {
		fmt.Fprintf(to, "%s\t%.1f %s\t\n", row.what, row.value, row.unit)
	}
}
