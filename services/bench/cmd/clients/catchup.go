package main

import (
	"bytes"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/payload"
)

// backlog is what a client received up to the end of its backlog.
type backlog struct {
	records  int
	missed   int // of them, those that were sent before the client subscribed
	complete bool
}

// catchUp reads the backlogs of all clients. Results that were sent until a time are those that the clients have missed.
func (c *clientGroup) catchUp(missedUntil int64) ipc.CaughtUp {
	began := time.Now()
	backlogs := make([]backlog, len(c.clients))
	var reading errgroup.Group
	for i, client := range c.clients {
		reading.Go(func() error {
			backlogs[i] = client.readBacklog(missedUntil)
			return nil
		})
	}
	_ = reading.Wait() // none fails: a backlog that is not complete is counted
	caughtUp := ipc.CaughtUp{Took: time.Since(began)}
	for _, read := range backlogs {
		caughtUp.Records += read.records
		caughtUp.Missed = append(caughtUp.Missed, read.missed)
		if !read.complete {
			caughtUp.Lost++
		}
	}
	return caughtUp
}

func (c *client) readBacklog(missedUntil int64) (read backlog) {
	end := []byte(c.protocol.event + `["atlas_backlog_sent",`)
	for {
		message, err := c.next()
		if err != nil {
			return read
		}
		if bytes.HasPrefix(message, end) {
			read.complete = true
			return read
		}
		if sent, isResult := payload.Sent(message); isResult {
			read.count(sent <= missedUntil)
		}
		if err := c.stayAlive(message, time.Now()); err != nil {
			return read
		}
	}
}

func (b *backlog) count(missed bool) {
	b.records++
	if missed {
		b.missed++
	}
}
