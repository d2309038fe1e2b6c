package monitoring

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// board is what is checked of a board.
type board struct {
	UID        string  `json:"uid"`
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct {
			Name string `json:"name"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID         int    `json:"id"`
	Type       string `json:"type"`
	Title      string `json:"title"`
	Datasource struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
	Position struct {
		X int `json:"x"`
		W int `json:"w"`
	} `json:"gridPos"`
}

func boardFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no boards: %v", err)
	}
	return paths
}

func readBoard(t *testing.T, path string) (read board) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return read
}

// Boards can be told apart, as can their panels, which ask the Prometheus that is chosen and fit into Grafana's 24 columns.
func TestBoardsAreWellFormed(t *testing.T) {
	uids := map[string]string{}
	for _, path := range boardFiles(t) {
		board := readBoard(t, path)
		if other, taken := uids[board.UID]; taken || board.UID == "" || board.Title == "" {
			t.Errorf("%s: uid %q, title %q; %q has the same", path, board.UID, board.Title, other)
		}
		uids[board.UID] = path
		ids := map[int]bool{}
		for _, panel := range board.Panels {
			if ids[panel.ID] || panel.Title == "" || panel.Position.X+panel.Position.W > 24 {
				t.Errorf("%s: panel %d %q at %+v: an ID of another one, no title, or beyond the 24th column", path, panel.ID, panel.Title, panel.Position)
			}
			ids[panel.ID] = true
			if panel.Type != "row" && (len(panel.Targets) == 0 || panel.Datasource.UID != "${datasource}") {
				t.Errorf("%s: panel %q asks %q %d queries", path, panel.Title, panel.Datasource.UID, len(panel.Targets))
			}
		}
	}
}

// Prometheus understands every query once Grafana has put in its variables, of which there are no others.
func TestQueriesOfBoardsAreUnderstood(t *testing.T) {
	type recording struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var all []recording
	for _, path := range boardFiles(t) {
		board := readBoard(t, path)
		replacements := []string{"$__rate_interval", "5m"}
		for _, variable := range board.Templating.List {
			replacements = append(replacements, "$"+variable.Name, "chosen")
		}
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				query := strings.NewReplacer(replacements...).Replace(target.Expr)
				if strings.Contains(query, "$") {
					t.Errorf("%s: panel %q has a variable that the board does not: %s", path, panel.Title, query)
				}
				all = append(all, recording{"board:query", query})
			}
		}
	}
	type group struct {
		Name  string      `yaml:"name"`
		Rules []recording `yaml:"rules"`
	}
	text, err := yaml.Marshal(map[string][]group{"groups": {{"boards", all}}})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "boards.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, folder, "check", "rules", "--lint=none", "boards.yaml")
}
