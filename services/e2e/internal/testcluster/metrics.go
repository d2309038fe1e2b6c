package testcluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Metric reads a metric of the gateway that has no labels, or one series by its name with labels.
func (c *Cluster) Metric(t *testing.T, series string) float64 {
	t.Helper()
	value, err := ReadMetric(c.Admins[0], series)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// ReadMetric reads one series from an admin port.
func ReadMetric(admin, series string) (float64, error) {
	response, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), series+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("%s: %w", series, io.ErrUnexpectedEOF)
}

// Sum adds up all series of a metric that have every label, such as `limit="messages"`. Without such a series it is 0.
func (p *Process) Sum(t *testing.T, name string, labels ...string) (sum float64) {
	t.Helper()
	response, err := http.Get("http://" + p.Admins[0] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		value, err := valueOf(lines.Text(), name, labels)
		if err != nil {
			t.Fatal(err)
		}
		sum += value
	}
	return sum
}

// valueOf parses a line of metrics. The value of another series is 0.
func valueOf(line, name string, labels []string) (float64, error) {
	series, value, _ := strings.Cut(line, " ")
	if got, _, _ := strings.Cut(series, "{"); got != name {
		return 0, nil
	}
	for _, label := range labels {
		if !strings.Contains(series, label) {
			return 0, nil
		}
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", line, err)
	}
	return number, nil
}

// GetJSON asks the read API and reports whether it answered 200.
func (c *Cluster) GetJSON(t *testing.T, path string, answer any) bool {
	t.Helper()
	response, err := http.Get("http://" + c.Public + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK && json.NewDecoder(response.Body).Decode(answer) == nil
}
