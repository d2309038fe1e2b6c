package main

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What measures the pages starts, and has every part that may be asked for.
func TestPagesHaveParts(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "node", "pages/measure.cjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	if err := json.Unmarshal(output, &parts); err != nil {
		t.Fatal(err)
	}
	field, _ := reflect.TypeFor[settings]().FieldByName("Pages")
	if want := strings.Split(field.Tag.Get("enum"), ","); !slices.Equal(parts, want) {
		t.Errorf("got %q, want %q", parts, want)
	}
}

// The most of nothing would be within each bar.
func TestPagesHaveNoFigureOfNothing(t *testing.T) {
	for _, nothing := range []string{"Math.max()", "percentile([], 0.95)", "60 / 0"} {
		script := `const { figure, percentile } = require("./pages/figures.cjs"); figure("a task", ` + nothing + `, "ms", 50)`
		if err := exec.CommandContext(t.Context(), "node", "-e", script).Run(); err == nil {
			t.Errorf("%s is a figure", nothing)
		}
	}
	if output, err := exec.CommandContext(t.Context(), "node", "-e", `require("./pages/figures.cjs").figure("a task", 0, "ms", 50)`).CombinedOutput(); err != nil {
		t.Errorf("0 is no figure: %s", output)
	}
}

func TestPagesAreLeftOutWithoutBrowser(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("CHROMIUM", "/nowhere/chromium")
	s, r := &settings{Scenario: []string{"pages"}, Pages: []string{"map"}}, &report{}
	if err := s.pages(t.Context(), &lab{pages: t.TempDir()}, r); err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	r.print(&printed)
	if text := printed.String(); !strings.Contains(text, "Left out: pages: ") || !strings.Contains(text, "/nowhere/chromium") || len(r.Pages) > 0 {
		t.Errorf("got %s", text)
	}
}

func TestBarsOfPages(t *testing.T) {
	most := 2.0
	r := &report{Pages: []pageFigures{{Part: "map", Figures: []pageFigure{
		{Name: "script of a draw", Got: 3, Unit: "ms", Most: &most},
		{Name: "frames", Got: 60},
	}}}}
	want := []bar{{Name: "pages, map: script of a draw", Got: 3, Most: 2, Unit: "ms"}}
	if got := r.bars(); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
