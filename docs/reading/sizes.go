package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	longFunction = 60
	longFile     = 400
	shortFile    = 40
)

// printSizes names long functions and files, and counts short files by package.
func printSizes(packages map[string]*pkg) {
	var functions, files, shorts []string
	short := 0
	for _, path := range slices.Sorted(maps.Keys(packages)) {
		own := 0
		for _, file := range packages[path].files {
			if file.lines > longFile {
				files = append(files, fmt.Sprintf("%s/%s %d", path, file.name, file.lines))
			}
			if file.lines < shortFile && file.name != "doc.go" {
				own++
			}
			functions = append(functions, file.longFunctions(path)...)
		}
		if short += own; own > 0 {
			shorts = append(shorts, fmt.Sprintf("%s %d", path, own))
		}
	}
	printList(fmt.Sprintf("functions of more than %d lines", longFunction), len(functions), functions)
	printList(fmt.Sprintf("files of more than %d lines", longFile), len(files), files)
	printList(fmt.Sprintf("files of fewer than %d lines, without doc.go", shortFile), short, shorts)
}

func (f *file) longFunctions(path string) (all []string) {
	for _, function := range f.functions() {
		lines := f.set.Position(function.End()).Line - f.set.Position(function.Pos()).Line + 1
		if lines > longFunction {
			all = append(all, fmt.Sprintf("%s/%s %s %d", path, f.name, function.Name.Name, lines))
		}
	}
	return all
}

func printList(what string, count int, list []string) {
	fmt.Printf("\n%s: %d\n", what, count)
	for _, entry := range list {
		fmt.Println("  " + strings.TrimPrefix(entry, internal))
	}
}
