package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// returnGrace is how long a part may take to return after its context has ended.
const returnGrace = time.Second

// Part is a part of a service that is stopped: a listener, its clients, a connection to Kafka.
type Part struct {
	Name string
	Stop func(context.Context) error
}

// StopInOrder stops the parts one after another: first those that accept work, last those that others need. All together have the timeout; then their context
// ends, and a part that has not returned a second later is abandoned, so that the process ends even if a part hangs. Every part is tried; the error joins
// theirs, each with the name of its part.
func StopInOrder(logger *zap.Logger, timeout time.Duration, parts ...Part) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var faults []error
	for _, part := range parts {
		began := time.Now()
		if err := part.stop(ctx); err != nil {
			faults = append(faults, fmt.Errorf("stopping %s: %w", part.Name, err))
		}
		logger.Info("stopped", zap.String("part", part.Name), zap.Duration("took", time.Since(began)))
	}
	return errors.Join(faults...)
}

func (p Part) stop(ctx context.Context) error {
	returned := make(chan error, 1)
	go func() { returned <- p.Stop(ctx) }()
	select {
	case err := <-returned:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-returned:
		return err
	case <-time.After(returnGrace):
		return fmt.Errorf("abandoned, as it had not returned %s after the stop timeout", returnGrace)
	}
}
