package service

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// known has the variables of all programs, as one environment may be that of several. A test of services/e2e keeps it.
//
//go:embed variables.txt
var known string

// checkVariables refuses variables that look like settings and are none: one that is misspelt would leave the default in force without a word.
func checkVariables(environment []string, node *kong.Node) error {
	names := variablesOf(node, strings.Fields(known))
	var faults []error
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix+"_") || slices.Contains(names, name) {
			continue
		}
		faults = append(faults, fmt.Errorf("%s in the environment: no such setting%s; variables that begin with %s_ are settings",
			name, hint(name, names), prefix))
	}
	return errors.Join(faults...)
}

// unsetEmpty has an empty variable count as one that is not set: what starts programs often cannot leave a variable out.
func unsetEmpty(environment []string) {
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, prefix+"_") && value == "" {
			_ = os.Unsetenv(name) // fails for a name that none has
		}
	}
}

// variablesOf adds the variables of a command and of those below it.
func variablesOf(node *kong.Node, names []string) []string {
	for _, flag := range node.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range node.Children {
		names = variablesOf(child, names)
	}
	return names
}

// mostMisspelt is how many letters of a name may be wrong for a hint at what was meant.
const mostMisspelt = 3

// hint tells which name was meant, if one is near.
func hint(name string, names []string) string {
	nearest := slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
	if distance(name, nearest) > mostMisspelt {
		return ""
	}
	return ", the nearest is " + nearest
}

// distance is how many letters are to be put in, left out or replaced to make one word of another (Levenshtein).
func distance(from, to string) int {
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(from) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(to) {
			replaced := diagonal
			if from[i] != to[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
