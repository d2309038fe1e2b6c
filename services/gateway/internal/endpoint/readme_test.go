package endpoint

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/protocol"
)

var (
	rowOfStatus = regexp.MustCompile(`(?m)^\| ([1-5][0-9]{2}) \| (.*) \|$`)
	rowOfCode   = regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+`(?:, )?)+) \\| [^|]* \\|$")
	quotedCode  = regexp.MustCompile("`([a-z]+(?:_[a-z]+)*)`")
)

// The README's table has the reasons for which clients disconnect, and no others.
func TestDeparturesAreThoseOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Why clients disconnect\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var named []departure
	for _, row := range rowOfCode.FindAllStringSubmatch(section, -1) {
		for _, reason := range quotedCode.FindAllStringSubmatch(row[1], -1) {
			named = append(named, departure(reason[1]))
		}
	}
	for _, reason := range departures {
		if !slices.Contains(named, reason) {
			t.Errorf("the README does not have %s", reason)
		}
	}
	if len(named) != len(departures) {
		t.Errorf("the README has %d reasons, and the code %d", len(named), len(departures))
	}
}

// The README's tables say with which status each code is refused. They name those that are not 400.
func TestStatusesAreThoseOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, plain, _ := strings.Cut(string(text), "\n### Plain GET\n")
	plain, _, _ = strings.Cut(plain, "\n### ")
	named := map[string]int{}
	for _, row := range rowOfStatus.FindAllStringSubmatch(plain, -1) {
		status, _ := strconv.Atoi(row[1])
		allowed, _, _ := strings.Cut(row[2], " but ")
		for _, code := range quotedCode.FindAllStringSubmatch(allowed, -1) {
			named[code[1]] = status
		}
	}
	if len(named) < 3 {
		t.Fatalf("the table of statuses names %d codes", len(named))
	}
	_, errors, _ := strings.Cut(string(text), "\n## Errors\n")
	errors, _, _ = strings.Cut(errors, "\n## ")
	for _, row := range rowOfCode.FindAllStringSubmatch(errors, -1) {
		for _, code := range quotedCode.FindAllStringSubmatch(row[1], -1) {
			want, isNamed := named[code[1]]
			switch {
			case isNamed:
			case strings.HasPrefix(code[1], "too_many_"):
				want = 429
			default:
				want = 400
			}
			if got := StatusOf(protocol.Code(code[1])); got != want {
				t.Errorf("%s is refused with %d, and the README says %d", code[1], got, want)
			}
		}
	}
}
