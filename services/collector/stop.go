package collector

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/service"
)

// tasks are what a collector runs.
type tasks struct{ topics, keys, watching, http, grpc, admin *service.Task }

// wait returns when ctx ends, or a task fails.
func (t tasks) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-t.topics.Ended():
	case <-t.http.Ended():
	case <-t.grpc.Ended():
	case <-t.admin.Ended():
	}
}

// grace is the part of the stop timeout for running requests; the rest is for their records to reach Kafka.
func (c *collector) grace() time.Duration { return c.cfg.StopTimeout * 3 / 4 }

func (c *collector) stop(tasks tasks) error {
	c.admin.Drain()
	return service.StopInOrder(c.cfg.Logger, c.cfg.StopTimeout,
		service.Part{Name: "listeners", Stop: func(ctx context.Context) error {
			tasks.http.Cancel()
			tasks.grpc.Cancel()
			return errors.Join(tasks.http.Stop(ctx), tasks.grpc.Stop(ctx))
		}},
		service.Part{Name: "topics", Stop: func(ctx context.Context) error {
			if err := tasks.topics.Stop(ctx); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		}},
		service.Part{Name: "cursor key", Stop: tasks.keys.Stop},
		service.Part{Name: "Kafka watch", Stop: tasks.watching.Stop},
		service.Part{Name: "event log", Stop: c.close},
		service.Part{Name: "admin port", Stop: tasks.admin.Stop},
	)
}

func (c *collector) close(ctx context.Context) error {
	return errors.Join(c.writer.Close(ctx), c.log.Close())
}
