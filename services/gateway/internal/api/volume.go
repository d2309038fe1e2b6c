package api

import (
	"context"
	"net/http"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
	"atlasstream/services/gateway/internal/volume"
)

const (
	// defaultBuckets is how many buckets an answer has by default.
	defaultBuckets = 120
	// volumeAge is how long a volume is cached, for clients that open the same link.
	volumeAge = 10 * time.Second
	// maxVolumes is how many volumes are cached, of some kilobytes each.
	maxVolumes = 64
)

type volumeAnswer struct {
	From    instant         `json:"from"`
	To      instant         `json:"to"`
	Step    float64         `json:"step"`
	Of      string          `json:"of"`
	Quality volume.Quality  `json:"quality"`
	Buckets []*float64      `json:"buckets"`
	Low     []*float64      `json:"low"`
	High    []*float64      `json:"high"`
	Log     *intervalAnswer `json:"log"`
	Omitted []omittedAnswer `json:"omitted"`
	Read    readAnswer      `json:"read"`
}

type omittedAnswer struct {
	Topic   string `json:"topic"`
	Records int64  `json:"records"`
}

// volumeKey identifies a volume.
type volumeKey struct {
	measurement atlas.MeasurementID
	from, to    int64 // Unix milliseconds
	buckets     int
}

func (a *API) serveVolume(ctx context.Context, w http.ResponseWriter, r *request) error {
	measurement, interval, err := a.readVolume(r)
	if err != nil {
		return err
	}
	key := volumeKey{measurement, interval.Start.UnixMilli(), interval.End.UnixMilli(), int(r.params.number("buckets", 1, volume.MaxBuckets, defaultBuckets))}
	if r.params.err != nil {
		return r.params.err
	}
	found, err := a.volumes.get(ctx, r.client.Reading(), key, func() (*volume.Volume, error) { return a.volume(ctx, r.client.Reading(), key, interval) })
	if err != nil {
		return err
	}
	return r.write(ctx, w, volumeOf(found, interval))
}

// readVolume parses of which measurement and interval a volume is wanted.
func (a *API) readVolume(r *request) (measurement atlas.MeasurementID, interval topicrange.Interval, err error) {
	params := r.params
	measurement = params.measurement("msm")
	if params.oneOf("stream", string(atlas.StreamProbeStatus)) != "" {
		if params.has("msm") {
			params.fail(protocol.Errorf(protocol.CodeInvalidParameter, "stream: came with msm, want one of them"))
		}
		measurement = atlas.ConnectionMeasurement
	}
	from, to := params.time("from"), params.time("to")
	switch {
	case params.err != nil:
		return 0, interval, params.err
	case measurement == 0:
		return 0, interval, protocol.Errorf(protocol.CodeMissingParameter, "msm: missing; want the measurement, or stream=%s", atlas.StreamProbeStatus)
	case !params.has("from"):
		return 0, interval, protocol.Errorf(protocol.CodeMissingParameter, "from: missing; want the time at which the volume begins")
	}
	if err := a.settings.History.checkRole(r.client.Roles(), "from"); err != nil {
		return 0, interval, err
	}
	if _, _, err := a.visible("msm", measurement, r.client.Roles()); err != nil {
		return 0, interval, err
	}
	interval, err = a.intervalOf(from, to)
	return measurement, interval, err
}

func (a *API) volume(ctx context.Context, account *readlimit.Account, key volumeKey, interval topicrange.Interval) (*volume.Volume, error) {
	parts, err := a.settings.Ranges.Partitions(ctx, queryOf(key.measurement, account))
	if err != nil {
		return nil, err
	}
	return a.settings.Volumes.Volume(ctx, volume.Question{
		Measurement: key.measurement, Parts: parts, Interval: interval, Buckets: key.buckets, Account: account,
	})
}

func volumeOf(found *volume.Volume, interval topicrange.Interval) *volumeAnswer {
	answer := &volumeAnswer{
		From: instant(interval.Start), To: instant(interval.End), Step: found.Step.Seconds(), Of: "measurement", Quality: found.Quality,
		Buckets: make([]*float64, len(found.Buckets)), Omitted: []omittedAnswer{}, Read: readOf(found.Read),
	}
	if found.Quality == volume.Partition {
		answer.Of = "partition"
	}
	if found.Quality == volume.Sampled {
		answer.Low, answer.High = make([]*float64, len(found.Buckets)), make([]*float64, len(found.Buckets))
	}
	for i := range found.Buckets {
		answer.set(i, &found.Buckets[i])
	}
	if !found.From.IsZero() {
		answer.Log = &intervalAnswer{instant(found.From), instant(found.To)}
	}
	for _, part := range found.Omitted {
		answer.Omitted = append(answer.Omitted, omittedAnswer{part.Topic, part.Next - part.First})
	}
	return answer
}

func (a *volumeAnswer) set(i int, bucket *volume.Bucket) {
	if !bucket.Known {
		return
	}
	a.Buckets[i] = tenths(bucket.Count)
	if a.Low != nil {
		a.Low[i], a.High[i] = tenths(bucket.Low), tenths(bucket.High)
	}
}
