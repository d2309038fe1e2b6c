package web

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What browsers fetch at most of scripts, compressed, without /socket.io.js.
const (
	mostOfFirstPage = 60_000
	mostOfAllPages  = 120_000
)

// These find what Rolldown writes.
var (
	indexScript     = regexp.MustCompile(`src="/(assets/index-[^"]+\.js)"`)
	staticImport    = regexp.MustCompile(`(?:from|import)"\./([^"]+\.js)"`)
	dynamicImport   = regexp.MustCompile("import\\([`\"]\\./(Explore-[^`\"]+\\.js)[`\"]\\)")
	packageOfSource = regexp.MustCompile(`node_modules/((?:@[^/]+/)?[^/]+)/`)
)

func builtFiles(t *testing.T) fs.FS {
	t.Helper()
	files := built()
	if _, err := fs.Stat(files, "index.html"); err != nil {
		t.Fatal("the pages are not built: make web builds them")
	}
	return files
}

// Pages begin fast where the line is slow.
func TestScriptsAreSmall(t *testing.T) {
	files := builtFiles(t)
	all, err := fs.Glob(files, "assets/*.js")
	if err != nil || len(all) == 0 {
		t.Fatal("no scripts", err)
	}
	if got := compressedSize(t, files, all); got > mostOfAllPages {
		t.Errorf("all scripts have %d bytes, want %d at most", got, mostOfAllPages)
	}
	first := scriptsOfFirstPage(t, files)
	if got := compressedSize(t, files, first); got > mostOfFirstPage {
		t.Errorf("%s have %d bytes, want %d at most", first, got, mostOfFirstPage)
	}
}

// scriptsOfFirstPage are those that / fetches before anybody has done anything: the document's, that of Explore, and what these import.
func scriptsOfFirstPage(t *testing.T, files fs.FS) (scripts []string) {
	t.Helper()
	index := onlyMatch(t, indexScript, readFile(t, files, "index.html"))
	wanted := []string{index, "assets/" + onlyMatch(t, dynamicImport, readFile(t, files, index))}
	for len(wanted) > 0 {
		script := wanted[0]
		wanted = wanted[1:]
		if slices.Contains(scripts, script) {
			continue
		}
		scripts = append(scripts, script)
		for _, match := range staticImport.FindAllStringSubmatch(readFile(t, files, script), -1) {
			wanted = append(wanted, "assets/"+match[1])
		}
	}
	return scripts
}

// Every package whose code is in the scripts is named with its licence.
func TestShippedPackagesAreNamed(t *testing.T) {
	files := builtFiles(t)
	licences := readFile(t, files, "THIRD-PARTY.txt")
	maps, err := fs.Glob(files, "assets/*.js.map")
	if err != nil || len(maps) == 0 {
		t.Fatal("no source maps", err)
	}
	shipped := map[string]bool{}
	for _, file := range maps {
		var of struct{ Sources []string }
		if err := json.Unmarshal([]byte(readFile(t, files, file)), &of); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, source := range of.Sources {
			if match := packageOfSource.FindStringSubmatch(source); match != nil {
				shipped[match[1]] = true
			}
		}
	}
	if !shipped["svelte"] {
		t.Errorf("the source maps name %v, without svelte", shipped)
	}
	for name := range shipped {
		if !strings.Contains(licences, "\n"+name+" ") {
			t.Errorf("THIRD-PARTY.txt does not name %s", name)
		}
	}
}

func compressedSize(t *testing.T, files fs.FS, scripts []string) (bytes int64) {
	t.Helper()
	for _, script := range scripts {
		info, err := fs.Stat(files, path.Clean(script)+".gz")
		if err != nil {
			t.Fatal(err)
		}
		bytes += info.Size()
	}
	return bytes
}

func readFile(t *testing.T, files fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func onlyMatch(t *testing.T, pattern *regexp.Regexp, text string) string {
	t.Helper()
	matches := pattern.FindAllStringSubmatch(text, -1)
	if len(matches) != 1 {
		t.Fatalf("%s: %d matches", pattern, len(matches))
	}
	return matches[0][1]
}
