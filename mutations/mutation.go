package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mutation is a parsed file of this folder.
type mutation struct {
	name        string
	breaks      string // in a sentence
	pattern     string
	replacement string
}

// readMutations reads all files of a folder, or those that are named.
func readMutations(folder string, names []string) ([]mutation, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		files = files[:0]
		for _, name := range names {
			files = append(files, filepath.Join(folder, name+".txt"))
		}
	}
	mutations := make([]mutation, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a folder of the repository
		if err != nil {
			return nil, err
		}
		parsed, err := parseMutation(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		parsed.name = strings.TrimSuffix(filepath.Base(file), ".txt")
		mutations = append(mutations, parsed)
	}
	return mutations, nil
}

func parseMutation(text string) (parsed mutation, err error) {
	title, edit, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "\n\n")
	if !ok || title == "" || strings.Contains(title, "\n") {
		return mutation{}, fmt.Errorf("got %q, want a line that says what is broken, and an empty one", title)
	}
	parsed.breaks = title
	for line := range strings.SplitSeq(edit, "\n") {
		switch mark, code, _ := strings.Cut(line, " "); mark {
		case "-":
			parsed.pattern += code + "\n"
		case "+":
			parsed.replacement += code + "\n"
		default:
			return mutation{}, fmt.Errorf(`got %q, want lines that begin with "- " or "+ "`, line)
		}
	}
	parsed.pattern, parsed.replacement = strings.TrimSpace(parsed.pattern), strings.TrimSpace(parsed.replacement)
	if parsed.pattern == "" || strings.TrimSpace(edit) == "" {
		return mutation{}, fmt.Errorf("got %q, want a pattern", edit)
	}
	return parsed, nil
}
