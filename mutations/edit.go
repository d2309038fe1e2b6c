package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"github.com/quasilyte/gogrep"
)

var variable = regexp.MustCompile(`\$\*?([a-z]+)`)

var errNoMatch = errors.New("nothing after the comment matches the pattern")

// apply returns the source of a location's file with the mutation in it.
func (m mutation) apply(location location) ([]byte, error) {
	pattern, _, err := gogrep.Compile(gogrep.CompileConfig{Fset: token.NewFileSet(), Src: m.pattern})
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", m.pattern, err)
	}
	found, ok := firstMatch(pattern, location.node)
	if !ok {
		return nil, errNoMatch
	}
	replaced := variable.ReplaceAllStringFunc(m.replacement, func(name string) string {
		captured, ok := found.CapturedByName(strings.TrimLeft(name, "$*"))
		if !ok {
			err = fmt.Errorf("replacement: %s is not in the pattern", name)
			return ""
		}
		return location.file.text(captured)
	})
	if err != nil {
		return nil, err
	}
	from, to := location.file.offsets(found.Node)
	return format.Source(slices.Concat(location.file.source[:from], []byte(replaced), location.file.source[to:]))
}

// firstMatch looks at a node before it looks at its parts.
func firstMatch(pattern *gogrep.Pattern, within ast.Node) (found gogrep.MatchData, ok bool) {
	state := gogrep.NewMatcherState()
	gogrep.Walk(within, func(node ast.Node) bool {
		if !ok {
			pattern.MatchNode(&state, node, func(match gogrep.MatchData) {
				found, ok = gogrep.MatchData{Node: match.Node, Capture: slices.Clone(match.Capture)}, true
			})
		}
		return !ok
	})
	return found, ok
}
