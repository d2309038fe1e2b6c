package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"

	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"go.uber.org/zap"
)

// mostArrays is how many arrays may follow one another in a body: empty ones cost work, and have no record that would be counted.
const mostArrays = 10_000

// take publishes a body batch by batch, while it comes.
func (h *HTTP) take(w http.ResponseWriter, r *http.Request, paced *pacedBody, memory *claim, to publish.Destination) (*publish.Outcome, *refusal) {
	body, refused := h.limits.openBody(w, r, paced, memory)
	if refused != nil {
		return nil, refused
	}
	defer body.Close()
	outcome := &publish.Outcome{Rejected: []publish.Rejection{}}
	values := split.New(body, split.Limits{Value: h.limits.RecordBytes, Batch: BatchBytes, Arrays: mostArrays, Members: to.Members, Grow: memory.grow})
	for {
		batch, err := values.Next()
		if err != nil {
			return outcome, h.ended(values, err)
		}
		paced.rest()
		if refused := h.publish(r.Context(), memory.from, to, batch, outcome); refused != nil {
			return outcome, refused
		}
		if outcome.RejectedTotal > h.limits.Rejections {
			return outcome, refuse(http.StatusUnprocessableEntity, "body: %s", givenUp(outcome.RejectedTotal, h.limits.Rejections, batch[len(batch)-1].Line))
		}
	}
}

// ended judges what ended a body.
func (h *HTTP) ended(values *split.Splitter, err error) *refusal {
	switch {
	case !errors.Is(err, io.EOF):
		return h.limits.refuseUnread(err)
	case values.Broken():
		return refuse(http.StatusBadRequest, "body: the array is broken, so that not all of it could be read; the last of the rejected says where")
	case values.Empty():
		return refuse(http.StatusBadRequest, "body: empty, want a JSON array, one JSON object, or JSON objects line by line")
	}
	return nil
}

// publish takes a slot for the time that Kafka needs.
func (h *HTTP) publish(ctx context.Context, from netip.Prefix, to publish.Destination, batch []split.Value, total *publish.Outcome) *refusal {
	giveBack, err := h.load.slot(ctx, from)
	if err != nil {
		return refuseBusy(fmt.Errorf("%w; send everything again from line %d on", err, batch[0].Line))
	}
	defer giveBack()
	outcome, err := h.publisher.Publish(ctx, to, batch)
	total.Add(outcome)
	if err != nil {
		h.logger.Warn("records refused, as Kafka did not take them", zap.String("topic", to.Topic), zap.Error(err))
		return refuseFailed(err)
	}
	return nil
}
