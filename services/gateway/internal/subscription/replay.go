package subscription

import (
	"math"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/parameter"
	"atlasstream/services/gateway/internal/protocol"
)

// ReplayRequest is what a subscription wants to have replayed.
type ReplayRequest struct {
	Start time.Time
	End   time.Time // zero if none was given
	Speed float64   // event time over wall-clock time, above 0; Fastest for as fast as possible
}

// Fastest is the speed of a replay that is as fast as the limits allow and the client reads.
var Fastest = math.Inf(1)

// Equal tells whether two ask for the same replay.
func (r ReplayRequest) Equal(other ReplayRequest) bool {
	return r.Start.Equal(other.Start) && r.End.Equal(other.End) && r.Speed == other.Speed
}

func readTime(of func(*ReplayRequest) *time.Time) func(*parser, parameter.Value) error {
	return func(p *parser, value parameter.Value) (err error) {
		*of(&p.replay), err = value.Time()
		return err
	}
}

func (p *parser) readSpeed(value parameter.Value) error {
	if strings.ToLower(value.Text()) == "max" {
		p.replay.Speed = Fastest
		return nil
	}
	speed, ok := value.Decimal()
	if !ok || speed == 0 {
		return value.Invalid("want a number above 0, such as 1 for the original speed or 10 for ten times that, or max for as fast as this gateway allows")
	}
	p.replay.Speed = speed
	return nil
}

// finishReplay makes the subscription one to a replay if it has a start.
func (p *parser) finishReplay() error {
	if _, given := p.seen["starttime"]; !given {
		for _, name := range []string{"endtime", "speed"} {
			if came, given := p.seen[name]; given {
				return protocol.Errorf(protocol.CodeMissingParameter, "startTime: missing; %s is for a replay, which needs one", came)
			}
		}
		return nil
	}
	if p.subscription.Backlog {
		return parameter.Refuse("%s: got true, want false or none with %s: a replay begins there", p.seen["sendbacklog"], p.seen["starttime"])
	}
	if p.replay.Speed == 0 {
		p.replay.Speed = 1
	}
	replay := p.replay
	p.subscription.Replay = &replay
	return nil
}
