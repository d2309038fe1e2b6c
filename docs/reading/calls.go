package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// printCalls tells for each package of several files how many calls between them run back up: against the order in which fewest do, and that in which its
// doc.go names its files, if it does.
func printCalls(packages map[string]*pkg) {
	fmt.Println("\ncalls between files that run back up")
	for _, path := range slices.Sorted(maps.Keys(packages)) {
		calls := packages[path].calls()
		total := 0
		for _, count := range calls {
			total += count
		}
		const worthIt = 10
		if total < worthIt {
			continue
		}
		share := func(order []string) string {
			up := backUp(order, calls)
			return fmt.Sprintf("%3d of %3d, %2.0f %%", up, total, 100*float64(up)/float64(total))
		}
		line := share(bestOrder(packages[path].names(), calls)) + " at best"
		if order := packages[path].statedOrder(); order != nil {
			upward := slices.Clone(order) // some maps begin with what the others call
			slices.Reverse(upward)
			if backUp(upward, calls) < backUp(order, calls) {
				order = upward
			}
			line += "; " + share(order) + " as doc.go has it"
		}
		fmt.Printf("  %-40s %s\n", strings.TrimPrefix(path, internal), line)
	}
}

// call is from one file to another.
type call struct{ from, to string }

// calls counts those between files, of declared functions and methods. The package is type-checked for them without what it imports: calls into other packages
// have no type then, and are omitted.
func (p *pkg) calls() map[call]int {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	checker := types.Config{Importer: noImports{}, Error: func(error) {}}
	_, _ = checker.Check(p.path, p.set, p.syntax(), info) // of the errors, each is what an import lacks
	declared := map[types.Object]string{}                 // to the files
	for _, file := range p.files {
		for _, function := range file.functions() {
			if object := info.Defs[function.Name]; object != nil {
				declared[object] = file.name
			}
		}
	}
	calls := map[call]int{}
	for _, file := range p.files {
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			called, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if to, ok := declared[calleeOf(called, info)]; ok && to != file.name {
				calls[call{file.name, to}]++
			}
			return true
		})
	}
	return calls
}

// noImports imports nothing.
type noImports struct{}

func (noImports) Import(string) (*types.Package, error) {
	return nil, errors.New("imports are not read")
}

func (p *pkg) syntax() (all []*ast.File) {
	for _, file := range p.files {
		all = append(all, file.syntax)
	}
	return all
}

// calleeOf is the function or the method that is called, the generic one if it has been instantiated.
func calleeOf(called *ast.CallExpr, info *types.Info) types.Object {
	function := ast.Unparen(called.Fun)
	switch instance := function.(type) {
	case *ast.IndexExpr:
		function = instance.X
	case *ast.IndexListExpr:
		function = instance.X
	}
	var name *ast.Ident
	switch function := function.(type) {
	case *ast.Ident:
		name = function
	case *ast.SelectorExpr:
		name = function.Sel
	}
	if found, ok := info.Uses[name].(*types.Func); ok {
		return found.Origin()
	}
	return nil
}

func (p *pkg) names() (all []string) {
	for _, file := range p.files {
		all = append(all, file.name)
	}
	return all
}

var fileName = regexp.MustCompile(`\b[a-z0-9_]+\.go\b`)

// statedOrder is that in which the package comment names the files; nil unless it names at least half of them.
func (p *pkg) statedOrder() (order []string) {
	for _, file := range p.files {
		if file.syntax.Doc == nil {
			continue
		}
		for _, name := range fileName.FindAllString(file.syntax.Doc.Text(), -1) {
			if slices.Contains(p.names(), name) && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	if 2*len(order) < len(p.files) {
		return nil
	}
	return order
}

// backUp counts the calls to a file that comes before the caller's. Files that an order does not name come last.
func backUp(order []string, calls map[call]int) (sum int) {
	rank := map[string]int{}
	for i, name := range order {
		rank[name] = i + 1
	}
	of := func(name string) int {
		if rank[name] == 0 {
			return len(order) + 1
		}
		return rank[name]
	}
	for call, count := range calls {
		if of(call.to) < of(call.from) {
			sum += count
		}
	}
	return sum
}

// bestOrder moves one file after another to where fewest calls run back up, until no move helps.
func bestOrder(names []string, calls map[call]int) []string {
	best := slices.Sorted(slices.Values(names))
	fewest := backUp(best, calls)
	for improved := true; improved; {
		improved = false
		for i := range best {
			for to := range best {
				moved := slices.Insert(slices.Delete(slices.Clone(best), i, i+1), to, best[i])
				if up := backUp(moved, calls); up < fewest {
					best, fewest, improved = moved, up, true
				}
			}
		}
	}
	return best
}
