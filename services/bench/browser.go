package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// findBrowser tells what is missing for the pages to be measured.
func (l *lab) findBrowser() error {
	var missing []error
	chromium := cmp.Or(os.Getenv("CHROMIUM"), "/usr/bin/chromium") // as chromium.cjs has it
	for _, program := range []string{"node", chromium, "Xvfb"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, err)
		}
	}
	for _, made := range []string{"../../gateway/web/dist/index.html", "../../e2e/clients/browser/node_modules/playwright-core"} {
		if _, err := os.Stat(filepath.Join(l.pages, made)); err != nil {
			missing = append(missing, fmt.Errorf("make bench makes %s: %w", filepath.Base(made), err))
		}
	}
	return errors.Join(missing...)
}

// startScreen starts a screen that nobody sees, and gives its name: in a headless browser no tab is ever hidden.
func (l *lab) startScreen(ctx context.Context) (*process, string, error) {
	screen, err := l.start(ctx, "Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1700x1000x24")
	if err != nil {
		return nil, "", err
	}
	var number int
	if err := screen.hear(&number); err != nil {
		screen.stop()
		return nil, "", err
	}
	return screen, fmt.Sprintf(":%d", number), nil
}
