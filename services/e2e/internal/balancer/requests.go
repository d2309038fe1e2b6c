package balancer

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Request is one that nginx has answered.
type Request struct {
	SessionID string // empty where the request had none
	Status    int
	Gateway   string // host:port of the one that was asked
}

// Requests are all that nginx has answered so far. A WebSocket is among them once it has ended.
func (n *Nginx) Requests(t *testing.T) (requests []Request) {
	t.Helper()
	file, err := os.Open(filepath.Join(n.folder, "requests.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var request Request
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		requests = append(requests, request)
	}
	return requests
}
