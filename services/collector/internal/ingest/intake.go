package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"go.uber.org/zap"
)

// take publishes a body batch by batch, while it comes.
func (h *HTTP) take(w http.ResponseWriter, r *http.Request, to publish.Destination) (*publish.Outcome, *refusal) {
	patience := http.NewResponseController(w)
	h.expectBatch(patience)
	body, refused := h.limits.openBody(w, r)
	if refused != nil {
		return nil, refused
	}
	defer body.Close()
	outcome := &publish.Outcome{Rejected: []publish.Rejection{}}
	values := split.New(body, split.Limits{Value: h.limits.RecordBytes, Batch: BatchBytes, Hint: int(r.ContentLength), Members: to.Members})
	for {
		h.expectBatch(patience)
		batch, err := values.Next()
		if err != nil {
			return outcome, h.ended(values, err)
		}
		h.expectNothing(patience)
		if refused := h.publish(r.Context(), to, batch, outcome); refused != nil {
			return outcome, refused
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

func (h *HTTP) publish(ctx context.Context, to publish.Destination, batch []split.Value, total *publish.Outcome) *refusal {
	outcome, err := h.publisher.Publish(ctx, to, batch)
	total.Add(outcome)
	if err != nil {
		h.logger.Warn("records refused, as Kafka could not be had", zap.String("topic", to.Topic), zap.Error(err))
		return refuseFailed(err)
	}
	return nil
}

// expectBatch gives the client its time for a batch. A connection that has no deadlines is a test's.
func (h *HTTP) expectBatch(connection *http.ResponseController) {
	_ = connection.SetReadDeadline(time.Now().Add(h.limits.BatchTimeout))
}

// expectNothing lifts the deadline: once the body has ended, the server reads on to notice that a client has gone, and would take a late deadline for that.
func (h *HTTP) expectNothing(connection *http.ResponseController) {
	_ = connection.SetReadDeadline(time.Time{})
}
