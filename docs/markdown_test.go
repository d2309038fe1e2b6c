package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is that of the repository.
const root = ".."

// document is a Markdown file, by its path from the root.
type document struct {
	path  string
	lines []string
	prose []bool // whether a line is outside of blocks of code
}

func readDocument(t *testing.T, path string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	d := document{path: path, lines: strings.Split(string(text), "\n")}
	inCode := false
	for _, line := range d.lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		d.prose = append(d.prose, !fence && !inCode)
		inCode = inCode != fence
	}
	return d
}

// text is all prose, line by line.
func (d document) text() string {
	var kept []string
	for i, line := range d.lines {
		if d.prose[i] {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// allRows are the cells of all tables, without their heads.
func (d document) allRows() (rows [][]string) {
	for i, line := range d.lines {
		if d.prose[i] && strings.HasPrefix(line, "|") {
			rows = append(rows, cells(line))
		}
	}
	return withoutHeads(rows)
}

// rows are the cells of all tables below a heading, up to the next one, without the tables' heads.
func (d document) rows(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	inSection := false
	for i, line := range d.lines {
		switch {
		case d.prose[i] && strings.HasPrefix(line, "#"):
			inSection = line == heading
		case inSection && strings.HasPrefix(line, "|"):
			rows = append(rows, cells(line))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table under %q", d.path, heading)
	}
	return withoutHeads(rows)
}

func cells(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// withoutHeads leaves out the lines of dashes and those before them.
func withoutHeads(rows [][]string) (bodies [][]string) {
	for _, row := range rows {
		if strings.HasPrefix(row[0], "---") {
			bodies = bodies[:len(bodies)-1]
			continue
		}
		bodies = append(bodies, row)
	}
	return bodies
}

var inBackticks = regexp.MustCompile("`([^`]+)`")

// quoted is what is between backticks in a text.
func quoted(text string) (all []string) {
	for _, match := range inBackticks.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	return all
}
