package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The comments that name mutations.
const (
	mutateComment = "//mutate:"
	noticeComment = "//notices:"
)

// tree has the comments of a source tree by the name of the mutation.
type tree struct {
	locations map[string][]location
	notices   map[string][]notice
}

// location is where a mutation is applied.
type location struct {
	file *sourceFile
	node ast.Node
}

// notice is a test that must fail with a mutation.
type notice struct {
	folder   string // of its package
	test     string
	subtests string // a pattern behind the test's name, as -run takes it, or ""
}

type sourceFile struct {
	path   string
	source []byte
	set    *token.FileSet
	syntax *ast.File
}

// text returns the source of a node, or of several in a row.
func (f *sourceFile) text(node ast.Node) string {
	if gogrep, ok := node.(interface{ Len() int }); ok && gogrep.Len() == 0 {
		return ""
	}
	from, to := f.offsets(node)
	return string(f.source[from:to])
}

func (f *sourceFile) offsets(node ast.Node) (from, to int) {
	return f.set.Position(node.Pos()).Offset, f.set.Position(node.End()).Offset
}

// readTree reads the Go files that have such comments.
func readTree(root string) (tree, error) {
	found := tree{locations: map[string][]location{}, notices: map[string][]notice{}}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "mutations" || path != root && strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		default:
			return found.addFile(path)
		}
	})
	return found, err
}

func (t tree) addFile(path string) error {
	source, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(source), mutateComment) && !strings.Contains(string(source), noticeComment) {
		return err
	}
	file := &sourceFile{path: path, source: source, set: token.NewFileSet()}
	if file.syntax, err = parser.ParseFile(file.set, path, source, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return err
	}
	for _, group := range file.syntax.Comments {
		for _, comment := range group.List {
			if err := t.addComment(file, comment); err != nil {
				return fmt.Errorf("%s: %s: %w", file.set.Position(comment.Pos()), comment.Text, err)
			}
		}
	}
	return nil
}

func (t tree) addComment(file *sourceFile, comment *ast.Comment) error {
	if names, ok := strings.CutPrefix(comment.Text, mutateComment); ok {
		node := outermostBehind(file.syntax, comment)
		if node == nil {
			return errors.New("nothing follows")
		}
		for name := range strings.SplitSeq(names, ",") {
			t.locations[name] = append(t.locations[name], location{file, node})
		}
	}
	if noticed, ok := strings.CutPrefix(comment.Text, noticeComment); ok {
		names, subtests, _ := strings.Cut(noticed, " ")
		test, _ := outermostBehind(file.syntax, comment).(*ast.FuncDecl)
		if test == nil || !strings.HasPrefix(test.Name.Name, "Test") || !strings.HasSuffix(file.path, "_test.go") {
			return errors.New("no test follows")
		}
		for name := range strings.SplitSeq(names, ",") {
			t.notices[name] = append(t.notices[name], notice{filepath.Dir(file.path), test.Name.Name, subtests})
		}
	}
	return nil
}

// outermostBehind returns the node that begins next after a comment, or nil.
func outermostBehind(syntax *ast.File, comment *ast.Comment) (next ast.Node) {
	ast.Inspect(syntax, func(node ast.Node) bool {
		switch node.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		}
		if node.Pos() > comment.End() && (next == nil || node.Pos() < next.Pos()) {
			next = node
		}
		return true
	})
	return next
}
