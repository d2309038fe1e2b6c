package collector

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/service"
)

// tasks are what a collector runs.
type tasks struct{ topics, keys, watching, http, grpc, admin *service.Task }

// all are those that run for as long as the collector serves.
func (t tasks) all() []*service.Task { return []*service.Task{t.http, t.grpc, t.admin} }

// wait returns when ctx ends, a drain is asked for, or a task fails.
func (t tasks) wait(ctx context.Context, drainAsked <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-drainAsked:
	case <-t.topics.Ended():
	case <-t.http.Ended():
	case <-t.grpc.Ended():
	case <-t.admin.Ended():
	}
}

// grace is the part of the stop timeout for running requests; the rest is for their records to reach Kafka.
func (c *collector) grace() time.Duration { return c.cfg.StopTimeout * 3 / 4 }

// drain serves newcomers until load balancers have noticed that the collector is not ready, unless it is hurried. Connections end with their next answer.
func (c *collector) drain(ctx context.Context, hurried bool) {
	c.admin.Drain()
	c.grpc.Drain()
	if hurried {
		return
	}
	c.cfg.Logger.Info("draining: newcomers are still served", zap.Duration("for", c.cfg.DrainDelay))
	service.Pause(ctx, c.cfg.DrainDelay)
}

func (c *collector) stop(tasks tasks) error {
	c.admin.Stop()
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
