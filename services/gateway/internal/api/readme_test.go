package api

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/protocol"
)

var rowOfCode = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([1-5][0-9]{2}) \\|")

// The README's table has the codes of the read API that other endpoints do not have, or with another status.
func TestStatusesAreThoseOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Read API\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := rowOfCode.FindAllStringSubmatch(section, -1)
	if len(rows) == 0 {
		t.Fatal("the README has no table of codes")
	}
	for _, row := range rows {
		if want, _ := strconv.Atoi(row[2]); statusOf(protocol.Code(row[1])) != want {
			t.Errorf("%s is refused with %d, and the README says %d", row[1], statusOf(protocol.Code(row[1])), want)
		}
	}
}
