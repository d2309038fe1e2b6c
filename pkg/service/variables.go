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

// known has the variables of all programs, as several may share one environment. A test in services/e2e checks it.
//
//go:embed variables.txt
var known string

// checkVariables refuses variables that look like settings and are none: a misspelt one would silently leave the default in force.
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

// unsetEmpty unsets empty variables, as tools that start programs often cannot omit a variable.
func unsetEmpty(environment []string) {
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, prefix+"_") && value == "" {
			_ = os.Unsetenv(name) // fails for invalid names only
		}
	}
}

// variablesOf adds the variables of a command and its subcommands.
func variablesOf(node *kong.Node, names []string) []string {
	for _, flag := range node.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range node.Children {
		names = variablesOf(child, names)
	}
	return names
}

// maxMisspelt is how many letters of a name may be wrong for a hint.
const maxMisspelt = 3

// hint suggests the nearest name, if one is near.
func hint(name string, names []string) string {
	nearest := slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
	if distance(name, nearest) > maxMisspelt {
		return ""
	}
	return ", the nearest is " + nearest
}

// distance is the Levenshtein distance of two words: how many letters to insert, delete or replace.
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
