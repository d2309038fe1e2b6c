// Command playbench replays a measurement from Kafka for clients that do nothing, and prints as JSON what that took. services/bench measures replays with it;
// it is here because only the gateway's module may use its internal packages.
package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

type settings struct {
	Kafka       []string            `help:"Kafka brokers." required:""`
	Archive     string              `help:"The topic to play; no other is looked at." required:""`
	Measurement atlas.MeasurementID `help:"The measurement to play." required:""`
	From        int64               `help:"Event time to begin at, in milliseconds since 1970." required:""`
	Until       int64               `help:"Event time to end at, likewise." required:""`
	Speed       float64             `help:"Of event time against the clock; everything is due at once unless given."`
	Playbacks   int                 `help:"How many play at once." default:"1"`
	Stagger     time.Duration       `help:"How much later each of them begins than the one before."`
	Window      int                 `help:"Most bytes that a playback holds to put records in order." default:"16777216"`
	For         time.Duration       `help:"How long to play at most; to the end unless given."`
}

// Run plays and prints.
func (s *settings) Run(ctx context.Context) error {
	log, err := eventlog.Open(eventlog.Config{Brokers: s.Kafka}, zap.NewNop(), nil)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // nothing was written
	took, err := s.play(ctx, s.planner(log))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

func (s *settings) planner(log *eventlog.Log) *replay.Planner {
	const unlimited = 1e300
	archive, metrics := recorded{log.History(), s.Archive}, prometheus.NewRegistry()
	ranges := topicrange.NewFinder(topicrange.Settings{
		Log: archive, Topics: map[atlas.Stream]string{atlas.StreamResult: eventlog.ResultsTopic}, Lateness: time.Hour,
	}, metrics)
	return replay.NewPlanner(replay.PlannerSettings{
		Log:    archive,
		Ranges: ranges,
		Speeds: speedlimit.New(speedlimit.Settings{
			Ranges: ranges, Measurements: unknown{}, Limits: speedlimit.Limits{Results: unlimited, Scanned: unlimited},
		}),
		Measurements: unknown{},
		Window:       reorder.Bounds{Span: 10 * time.Minute, Bytes: s.Window},
	}, metrics)
}

func (s *settings) request() replay.Request {
	request := replay.Request{
		Stream: atlas.StreamResult, Measurement: s.Measurement, Start: time.UnixMilli(s.From), End: time.UnixMilli(s.Until), Speed: s.Speed,
	}
	if s.Speed == 0 {
		const allAtOnce = 1e200
		request.Speed = allAtOnce
	}
	return request
}

func main() {
	service.Main("playbench", "Plays a measurement for clients that do nothing.", &settings{})
}
