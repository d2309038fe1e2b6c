package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// documents are the Markdown files of the repository, by their paths from the root.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist" || len(entry.Name()) > 2 && entry.Name()[0] == '.') {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			relative, err := filepath.Rel(root, path)
			paths = append(paths, relative)
			return err
		}
		return nil
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	return paths
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, path := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(readDocument(t, path).text(), -1) {
			target, err := url.Parse(match[1])
			if err != nil {
				t.Errorf("%s links to %s: %v", path, match[1], err)
				continue
			}
			if target.Scheme == "" {
				checkLink(t, path, target)
			}
		}
	}
}

func checkLink(t *testing.T, path string, target *url.URL) {
	t.Helper()
	file := path
	if target.Path != "" {
		file = filepath.Join(filepath.Dir(path), target.Path)
	}
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		t.Errorf("%s links to %s, which there is not", path, target)
		return
	}
	if target.Fragment != "" && !hasAnchor(readDocument(t, file), target.Fragment) {
		t.Errorf("%s links to %s, which has no such heading", path, target)
	}
}

// hasAnchor tells whether a document has a heading whose anchor on GitHub is that.
func hasAnchor(in document, anchor string) bool {
	for i, line := range in.lines {
		if in.prose[i] && strings.HasPrefix(line, "#") && anchorOf(strings.TrimLeft(line, "# ")) == anchor {
			return true
		}
	}
	return false
}

func anchorOf(heading string) string {
	return strings.Map(func(letter rune) rune {
		switch {
		case letter == ' ':
			return '-'
		case unicode.IsLetter(letter) || unicode.IsDigit(letter) || letter == '-' || letter == '_':
			return unicode.ToLower(letter)
		}
		return -1
	}, heading)
}
