package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is a folder's Go files without its tests.
type pkg struct {
	path    string
	set     *token.FileSet
	files   []*file
	imports []string
}

type file struct {
	name   string
	lines  int
	syntax *ast.File
	set    *token.FileSet
}

func (p *pkg) lines() (sum int) {
	for _, file := range p.files {
		sum += file.lines
	}
	return sum
}

// functions gives the declared functions of a file with their bodies.
func (f *file) functions() (all []*ast.FuncDecl) {
	for _, declaration := range f.syntax.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok && function.Body != nil {
			all = append(all, function)
		}
	}
	return all
}

// readPackages reads all packages below a folder, by their paths. What is generated does not count.
func readPackages(root string) (map[string]*pkg, error) {
	packages := map[string]*pkg{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "testdata" || len(entry.Name()) > 1 && entry.Name()[0] == '.'):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".pb.go"):
			return nil
		}
		return addFile(packages, path)
	})
	return packages, err
}

func addFile(packages map[string]*pkg, path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	folder := filepath.ToSlash(filepath.Dir(path))
	into := packages[folder]
	if into == nil {
		into = &pkg{path: folder, set: token.NewFileSet()}
		packages[folder] = into
	}
	syntax, err := parser.ParseFile(into.set, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	into.files = append(into.files, &file{name: filepath.Base(path), lines: bytes.Count(source, []byte("\n")), syntax: syntax, set: into.set})
	for _, imported := range syntax.Imports {
		if name := strings.Trim(imported.Path.Value, `"`); !slices.Contains(into.imports, name) {
			into.imports = append(into.imports, name)
		}
	}
	return nil
}
