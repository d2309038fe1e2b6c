package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// parseFolder parses the Go files of a folder, tests only if they are asked for.
func parseFolder(t *testing.T, folder string, tests bool) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has no Go files: %v", folder, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// goFolders are the folders of the repository that have Go files.
func goFolders(t *testing.T) (folders []string) {
	t.Helper()
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (entry.Name() == "node_modules" || len(entry.Name()) > 2 && entry.Name()[0] == '.') {
			return fs.SkipDir
		}
		folder, _ := filepath.Rel(root, filepath.Dir(path))
		if err == nil && strings.HasSuffix(path, ".go") && !seen[folder] {
			seen[folder] = true
			folders = append(folders, folder)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// stringConstants gives the string constants of a package whose names begin with a prefix, by their values.
func stringConstants(t *testing.T, folder, prefix string) map[string]string {
	t.Helper()
	constants := map[string]string{}
	for _, file := range parseFolder(t, folder, false) {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if strings.HasPrefix(name.Name, prefix) && i < len(spec.Values) {
					if value, ok := text(spec.Values[i]); ok {
						constants[value] = name.Name
					}
				}
			}
			return true
		})
	}
	return constants
}

func text(expression ast.Expr) (string, bool) {
	literal, ok := expression.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

// literals gives all string literals of a package.
func literals(t *testing.T, folder string) (all []string) {
	t.Helper()
	for _, file := range parseFolder(t, folder, false) {
		ast.Inspect(file, func(node ast.Node) bool {
			if expression, ok := node.(ast.Expr); ok {
				if value, ok := text(expression); ok {
					all = append(all, value)
				}
			}
			return true
		})
	}
	return all
}

// setting is a flag of a program, as its field has it.
type setting struct {
	kind string // of the field, such as int or time.Duration
	tag  reflect.StructTag
}

// settings gives the flags that are declared in some packages: fields with a help tag.
func settings(t *testing.T, folders ...string) map[string]setting {
	t.Helper()
	flags := map[string]setting{}
	for _, folder := range folders {
		for _, file := range parseFolder(t, folder, false) {
			ast.Inspect(file, func(node ast.Node) bool {
				if field, ok := node.(*ast.Field); ok && field.Tag != nil && len(field.Names) == 1 {
					quoted, _ := text(field.Tag)
					if tag := reflect.StructTag(quoted); tag.Get("help") != "" {
						flags[flagOf(field.Names[0].Name, tag)] = setting{kindOf(field.Type), tag}
					}
				}
				return true
			})
		}
	}
	return flags
}

func kindOf(expression ast.Expr) string {
	switch kind := expression.(type) {
	case *ast.Ident:
		return kind.Name
	case *ast.SelectorExpr:
		return kindOf(kind.X) + "." + kind.Sel.Name
	}
	return ""
}

// flagOf makes max-clients of MaxClients, as kong does.
func flagOf(field string, tag reflect.StructTag) string {
	if name := tag.Get("name"); name != "" {
		return name
	}
	var flag strings.Builder
	letters := []rune(field)
	for i, letter := range letters {
		begins := i > 0 && unicode.IsUpper(letter) && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			flag.WriteByte('-')
		}
		flag.WriteRune(unicode.ToLower(letter))
	}
	return flag.String()
}

// mapKeys gives the keys of a map of a package that is written out.
func mapKeys(t *testing.T, folder, name string) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for _, file := range parseFolder(t, folder, false) {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || spec.Names[0].Name != name {
				return true
			}
			composite, _ := spec.Values[0].(*ast.CompositeLit)
			for _, element := range composite.Elts {
				if key, ok := text(element.(*ast.KeyValueExpr).Key); ok {
					keys[key] = true
				}
			}
			return true
		})
	}
	return keys
}

// notices is what a comment above a test has before the mutations that it must notice.
const notices = "//notices:"

// addTests adds a file's tests and fuzz targets, each with the mutations that it must notice.
func addTests(to map[string][]string, file *ast.File) {
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Recv != nil || !strings.HasPrefix(function.Name.Name, "Test") && !strings.HasPrefix(function.Name.Name, "Fuzz") {
			continue
		}
		to[function.Name.Name] = append(to[function.Name.Name], noticedBy(function)...)
	}
}

func noticedBy(function *ast.FuncDecl) (mutations []string) {
	if function.Doc == nil {
		return nil
	}
	for _, comment := range function.Doc.List {
		if names, is := strings.CutPrefix(comment.Text, notices); is {
			names, _, _ = strings.Cut(names, " ")
			mutations = append(mutations, strings.Split(names, ",")...)
		}
	}
	return mutations
}

// nameOf is that of a function; "" for another declaration.
func nameOf(declaration ast.Decl) string {
	if function, ok := declaration.(*ast.FuncDecl); ok {
		return function.Name.Name
	}
	return ""
}
