package service

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// state is what a service does for its clients. States follow one another.
type state int32

const (
	serving  state = iota
	draining       // newcomers are served for some time still, and then all clients are asked to leave
	stopping       // nobody is served
)

var stateNames = []string{serving: "serving", draining: "draining", stopping: "stopping"}

// drainState is the state that a service is in, and shows it as a metric with a series for each.
type drainState struct{ current atomic.Int32 }

func newDrainState(service string, registerer prometheus.Registerer) *drainState {
	s := &drainState{}
	for is, name := range stateNames {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "atlas_" + service + "_drain_state",
			Help:        "1 for the state that the service is in, 0 for the others: serving, draining or stopping.",
			ConstLabels: prometheus.Labels{"state": name},
		}, func() float64 {
			if s.current.Load() == int32(is) {
				return 1
			}
			return 0
		}))
	}
	return s
}

func (s *drainState) enter(next state) { s.current.Store(int32(next)) }

// isLeaving reports whether clients are to go elsewhere.
func (s *drainState) isLeaving() bool { return state(s.current.Load()) != serving }
