package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"atlasstream/services/bench/internal/talk"
)

// usage is what a process took of the machine within a window.
type usage struct {
	cpu      time.Duration
	resident int64   // bytes, at the window's end
	busy     float64 // share of the machine's processors that was busy with anything
}

// watch returns when the window is over. The name is that of a profile.
func (l *lab) watch(ctx context.Context, target *running, window talk.Window, name string) (usage, error) {
	if err := waitUntil(ctx, time.UnixMicro(window.From)); err != nil {
		return usage{}, err
	}
	before, err := readMachine(target.pid())
	if err != nil {
		return usage{}, err
	}
	profiled := l.profile(ctx, target, name)
	if err := waitUntil(ctx, window.End()); err != nil {
		return usage{}, err
	}
	after, err := readMachine(target.pid())
	return after.since(before), errors.Join(err, <-profiled)
}

func waitUntil(ctx context.Context, at time.Time) error {
	select {
	case <-time.After(time.Until(at)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// profile takes a CPU profile of our gateway for most of the window, if one is wanted.
func (l *lab) profile(ctx context.Context, target *running, name string) <-chan error {
	done := make(chan error, 1)
	if target.admin == "" {
		done <- nil
		return done
	}
	go func() {
		done <- l.saveProfile(ctx, target, name, fmt.Sprintf("profile?seconds=%d", max(1, l.settings.Seconds-1)))
	}()
	return done
}

// saveProfile writes a profile of the Go runtime's to the directory for profiles, if there is one.
func (l *lab) saveProfile(ctx context.Context, target *running, name, profile string) (err error) {
	if l.settings.Profile == "" {
		return nil
	}
	response, err := get(ctx, fmt.Sprintf("http://%s/debug/pprof/%s", target.admin, profile))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: got status %s", response.Status)
	}
	file, err := os.CreateTemp(l.settings.Profile, name+"-*.pprof")
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
