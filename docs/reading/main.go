// Reading tells how much there is to read: the lines of the packages that explain one thing (sets.go), functions and files that are long or short, and how
// many calls between the files of a package run back up. It fails if a set has more lines than it may.
//
//	go run ./docs/reading            # from the root of the repository; with "sets", the sets only
package main

import (
	"fmt"
	"os"
	"slices"
)

func main() {
	if err := report(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func report() error {
	packages, err := readPackages(".")
	if err != nil {
		return err
	}
	tooMuch := printSets(packages)
	if !slices.Contains(os.Args[1:], "sets") {
		printSizes(packages)
		printCalls(packages)
	}
	return tooMuch
}
