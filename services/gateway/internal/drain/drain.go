// Package drain has the clients of a gateway leave one by one, so that the other gateways are not asked by all of them at once.
package drain

import (
	"context"
	"math/rand/v2"
	"time"
)

// maxInterval is the longest time between two clients: the fewer there are, the sooner a drain is over.
const maxInterval = time.Second

// Endpoint is where clients connect.
type Endpoint interface {
	// Refuse refuses newcomers from now on.
	Refuse()
	// Departures returns a function for each client. It tells the client to reconnect and returns true, or false if the client has left before. It does not wait.
	Departures() []func() bool
}

// Run refuses newcomers and has those that are there leave in random order, evenly over a duration and at least one a second. It returns when the last has been
// told or ctx ends; clients that were connecting when it began are left.
func Run(ctx context.Context, over time.Duration, endpoints ...Endpoint) {
	var departures []func() bool
	for _, endpoint := range endpoints {
		endpoint.Refuse()
	}
	for _, endpoint := range endpoints {
		departures = append(departures, endpoint.Departures()...)
	}
	//mutate:drain-in-order
	rand.Shuffle(len(departures), func(i, j int) { departures[i], departures[j] = departures[j], departures[i] })
	spread(ctx, over, departures)
}

// spread takes no time for clients that have left by themselves, so the others are spread over what remains.
func spread(ctx context.Context, over time.Duration, departures []func() bool) {
	due := time.Now()
	end := due.Add(over)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, depart := range departures {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if depart() {
			//mutate:drain-slower-than-one-a-second
			due = due.Add(min(end.Sub(due)/time.Duration(len(departures)-i), maxInterval))
		}
		timer.Reset(time.Until(due))
	}
}
