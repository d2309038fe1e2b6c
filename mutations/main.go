package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := mutate(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// mutate applies each mutation to the tree in the working folder, or the named ones, and prints which test noticed it.
func mutate(ctx context.Context, names []string) error {
	began := time.Now()
	mutations, err := readMutations("mutations", names)
	if err != nil {
		return err
	}
	found, err := readTree(".")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutations-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	run := runner{work: work, tree: found}
	if err := run.unbroken(ctx, mutations); err != nil {
		return err
	}
	faults := 0
	for _, mutation := range mutations {
		since := time.Now()
		outcome, noticed := run.try(ctx, mutation)
		if err := ctx.Err(); err != nil {
			return err
		}
		if !noticed {
			faults++
		}
		fmt.Printf("%s: %s → %s (%.0f s)\n", mutation.name, mutation.breaks, outcome, time.Since(since).Seconds())
	}
	fmt.Printf("%d mutations, %d noticed, in %.0f s\n", len(mutations), len(mutations)-faults, time.Since(began).Seconds())
	if faults > 0 {
		return fmt.Errorf("%d mutations were not noticed", faults)
	}
	return nil
}
