package docs

import (
	"go/ast"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// names are what packages declare, with the fields and methods of their types, by the packages' names; and what all string literals are made of.
type names struct {
	declared map[string]map[string]bool
	anywhere map[string]bool
	files    map[string]bool
}

func readNames(t *testing.T) names {
	t.Helper()
	all := names{map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, folder := range goFolders(t) {
		paths, _ := filepath.Glob(filepath.Join(root, folder, "*.go"))
		for _, path := range paths {
			all.files[filepath.Base(path)] = true
		}
		for _, tests := range []bool{false, true} {
			for _, file := range parseFolder(t, folder, tests) {
				all.add(file)
			}
		}
	}
	return all
}

var word = regexp.MustCompile(`\w+`)

func (n names) add(file *ast.File) {
	own := n.declared[file.Name.Name]
	if own == nil {
		own = map[string]bool{}
		n.declared[file.Name.Name] = own
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			own[node.Name.Name] = true
		case *ast.TypeSpec:
			own[node.Name.Name] = true
		case *ast.ValueSpec:
			addAll(own, node.Names)
		case *ast.Field: // of structs and interfaces; those of functions do no harm
			addAll(own, node.Names)
		case *ast.SelectorExpr: // of a library's package, too
			if of, ok := node.X.(*ast.Ident); ok {
				n.anywhere[of.Name+"."+node.Sel.Name] = true
			}
		case *ast.Ident:
			n.anywhere[node.Name] = true
		case *ast.BasicLit:
			for _, part := range word.FindAllString(node.Value, -1) {
				n.anywhere[part] = true
			}
		}
		return true
	})
}

func addAll(to map[string]bool, identifiers []*ast.Ident) {
	for _, identifier := range identifiers {
		to[identifier.Name] = true
	}
}

var (
	qualified = regexp.MustCompile(`^(\w+)\.([A-Za-z]\w*)(\(.*\))?$`)
	camelCase = regexp.MustCompile(`^(?:[a-z]+[A-Z]\w*|(?:Test|Fuzz|Benchmark)[A-Z]\w*)$`)
	goFile    = regexp.MustCompile(`^[\w/]+\.go$`)
)

// has tells whether the code has what a document names in backticks, as far as that looks like a name of the code.
func (n names) has(name string) bool {
	if goFile.MatchString(name) {
		return n.files[filepath.Base(name)]
	}
	if match := qualified.FindStringSubmatch(name); match != nil && !strings.HasPrefix(name, "atlas.") {
		if declared := n.declared[match[1]]; declared != nil {
			return declared[match[2]] || n.anywhere[match[0]]
		}
		return n.anywhere[match[2]]
	}
	return !camelCase.MatchString(name) || n.anywhere[name]
}

func TestNamesOfTheCodeExist(t *testing.T) {
	known := readNames(t)
	for _, path := range documents(t) {
		if !strings.HasPrefix(path, "docs/") {
			continue
		}
		for _, name := range quoted(readDocument(t, path).text()) {
			if !known.has(name) {
				t.Errorf("%s names %s, which the code does not have", path, name)
			}
		}
	}
}
