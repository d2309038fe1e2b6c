package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"atlasstream/services/bench/internal/capacity"

	"github.com/alecthomas/kong"
)

const document = "../../../../docs/capacity.md"

// The document shows what the command prints.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const prompt = "```\n$ go run ./services/bench/cmd/capacity"
	blocks := strings.Split(string(text), prompt)[1:]
	if len(blocks) < 3 {
		t.Fatalf("got %d commands in %s, want three at least", len(blocks), document)
	}
	for _, block := range blocks {
		flags, rest, _ := strings.Cut(block, "\n")
		shown, _, _ := strings.Cut(rest, "```")
		if got := planned(t, strings.Fields(flags)...); got != shown {
			t.Errorf("capacity %s: the document shows\n%s\nbut it prints\n%s", flags, shown, got)
		}
	}
}

func planned(t *testing.T, flags ...string) string {
	t.Helper()
	var s settings
	parser, err := kong.New(&s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(flags); err != nil {
		t.Fatal(err)
	}
	costs, err := s.costs()
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.plan(costs)
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if err := plan.print(&printed); err != nil {
		t.Fatal(err)
	}
	return printed.String()
}

// planOf is for ten thousand clients, which get ten results a second each.
func planOf() settings {
	return settings{
		Results: 1000, Upload: 1, Measurements: 100, Busiest: 10, Partitions: 8, Fetches: 500, Replication: 3, Retention: 7,
		Clients: 10_000, Processors: 2, Busy: 0.5, MaxClients: 1000,
	}
}

func TestPlan(t *testing.T) {
	for _, test := range []struct {
		name     string
		costs    capacity.Costs
		gateways int
		reason   string
	}{
		{"clients", capacity.Costs{Result: 1}, 13, "12 would lack room for clients"},
		{"processors", capacity.Costs{Result: 500}, 51, "50 would lack processors"}, // 100,000 deliveries a second
	} {
		s := planOf()
		plan, err := s.plan(test.costs)
		if err != nil || plan.gateways != test.gateways || plan.reason != test.reason {
			t.Errorf("%s: got %d gateways, %s, %v; want %d, %s", test.name, plan.gateways, plan.reason, err, test.gateways, test.reason)
		}
	}
	few := planOf()
	few.Clients = 10
	if plan, err := few.plan(capacity.Costs{}); err != nil || plan.gateways != 2 || plan.reason != "one is enough" {
		t.Errorf("got %d gateways, %s, %v; want one, and one that may be lost", plan.gateways, plan.reason, err)
	}
	dear := planOf()
	if _, err := dear.plan(capacity.Costs{Record: 10_000}); err == nil || !strings.Contains(err.Error(), "lack processors") {
		t.Errorf("got %v, want an error: a gateway with one client reads 125 results/s, which keep more than one processor busy", err)
	}
}

// A setting that no plan can be made for is named.
func TestSettings(t *testing.T) {
	for name, change := range map[string]func(*settings){
		"results": func(s *settings) { s.Results = 0 }, "upload": func(s *settings) { s.Upload = 0 }, "partitions": func(s *settings) { s.Partitions = 0 },
		"fetches": func(s *settings) { s.Fetches = -1 }, "clients": func(s *settings) { s.Clients = math.NaN() }, "popular": func(s *settings) { s.Popular = 2 },
	} {
		s := planOf()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that names it", name, err)
		}
	}
	s := planOf()
	s.Busiest = 1
	if err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "busiest") {
		t.Errorf("got %v, want an error that names the setting", err)
	}
	s = planOf()
	s.Partitions = 1 // of which a quarter is none
	plan, err := s.plan(capacity.Costs{})
	if err != nil || plan.print(io.Discard) != nil {
		t.Error(err)
	}
}
