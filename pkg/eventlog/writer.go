package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"
)

// Writer appends events to topics. It is safe for concurrent use.
type Writer struct {
	log    *Log
	config WriterConfig
	kafka  *kafka.Writer
	memory *semaphore.Weighted
	abort  context.CancelFunc

	enqueueing sync.RWMutex // held for reading while messages are handed to kafka-go, which hangs if it is closed meanwhile
	closed     bool
}

// Writer returns a Writer. The configuration is valid.
func (l *Log) Writer(cfg WriterConfig) *Writer {
	cfg = cfg.withDefaults()
	aborted, abort := context.WithCancel(context.Background())
	w := &Writer{log: l, config: cfg, memory: semaphore.NewWeighted(cfg.WaitingBytes), abort: abort}
	w.kafka = &kafka.Writer{
		Addr:            l.client.Addr,
		Transport:       &retryingTransport{transport: l.requests, layouts: l.layouts, aborted: aborted},
		Balancer:        keyBalancer,
		RequiredAcks:    kafka.RequireAll,
		Compression:     kafka.Zstd,
		BatchSize:       batchRecords,
		BatchBytes:      batchBytes,
		BatchTimeout:    cfg.BatchTimeout,
		WriteTimeout:    produceTimeout,
		ReadTimeout:     requestTimeout,
		WriteBackoffMin: minPause,
		WriteBackoffMax: maxWritePause,
		MaxAttempts:     int(cfg.Timeout/maxWritePause) + 1,
		Async:           true, // Append waits itself, so that it knows the outcome of each record
		Completion:      w.complete,
		ErrorLogger:     kafka.LoggerFunc(l.logWriterError),
	}
	return w
}

// logWriterError logs the errors of kafka-go's attempts under one message, which is sampled.
func (l *Log) logWriterError(format string, args ...any) {
	l.logger.Warn("writing to Kafka failed", zap.String("attempt", fmt.Sprintf(format, args...)))
}

// Append returns nil once Kafka has every event on all in-sync replicas, and an *AppendError if it does not have them all. ErrBusy, ErrAppendTooLarge and
// ErrClosed say that nothing was sent. Events of one measurement are in the log in the order of the calls. The events' values must not change afterwards.
func (w *Writer) Append(ctx context.Context, topic string, events []atlas.Event) error {
	_, err := w.AppendPlaced(ctx, topic, events)
	return err
}

// AppendPlaced does what Append does, and returns where Kafka has each event, or nil if nothing was sent.
func (w *Writer) AppendPlaced(ctx context.Context, topic string, events []atlas.Event) ([]Place, error) {
	size := 0
	for i := range events {
		size += len(events[i].Value)
	}
	return w.append(ctx, topic, len(events), WaitingBytes(len(events), size), func(encoder *encoder, i int) (kafka.Message, error) {
		return encoder.event(topic, &events[i])
	})
}

// AppendObjects does for objects of a registry what Append does for events: those of one ID are in the log in the order of the calls.
func (w *Writer) AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error {
	size := 0
	for i := range objects {
		size += len(objects[i].Value)
	}
	_, err := w.append(ctx, topic, len(objects), WaitingBytes(len(objects), size), func(encoder *encoder, i int) (kafka.Message, error) {
		return encoder.object(topic, &objects[i])
	})
	return err
}

func (w *Writer) append(ctx context.Context, topic string, count int, size int64, encode func(*encoder, int) (kafka.Message, error)) ([]Place, error) {
	if count == 0 {
		return nil, nil
	}
	release, err := w.reserve(ctx, size)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.config.Timeout, fmt.Errorf("no answer within %s", w.config.Timeout))
	defer cancel()
	pending := newPendingAppend(count, release)
	messages := w.prepare(pending, count, encode)
	if err := w.enqueue(ctx, topic, messages); err != nil {
		pending.settleAll(messages, err)
	}
	return pending.wait(ctx)
}

// prepare encodes the records that can be sent, and settles the others.
func (w *Writer) prepare(pending *pendingAppend, count int, encode func(*encoder, int) (kafka.Message, error)) []kafka.Message {
	places := make([]place, count)
	messages := make([]kafka.Message, 0, count)
	encoder := newEncoder(count, time.Now())
	for i := range places {
		places[i] = place{append: pending, index: i}
		message, err := encode(encoder, i)
		if err == nil && len(message.Value) > w.config.MaxRecordBytes {
			err = fmt.Errorf("%w: got %d bytes, want at most %d", ErrRecordTooLarge, len(message.Value), w.config.MaxRecordBytes)
		}
		if err != nil {
			pending.settle(i, err)
			continue
		}
		message.WriterData = &places[i]
		messages = append(messages, message)
	}
	return messages
}

// enqueue passes the messages to kafka-go, all or none. kafka-go itself does not retry if the topic is too new for its metadata, or Kafka has not been
// reached yet.
func (w *Writer) enqueue(ctx context.Context, topic string, messages []kafka.Message) error {
	var pause backoff
	for {
		err := w.write(ctx, messages)
		_, tooLarge := errors.AsType[kafka.MessageTooLargeError](err)
		changed, isChanged := errors.AsType[*PartitionsChangedError](err)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrClosed):
			return ErrClosed
		case tooLarge:
			return ErrRecordTooLarge
		case isChanged:
			return changed
		}
		if _, missing := w.log.partitionCount(ctx, topic); missing != nil {
			return missing
		}
		if pause.wait(ctx) != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

func (w *Writer) write(ctx context.Context, messages []kafka.Message) error {
	w.enqueueing.RLock()
	defer w.enqueueing.RUnlock()
	if w.closed {
		return ErrClosed
	}
	return w.kafka.WriteMessages(ctx, messages...)
}

// complete receives the outcome of a batch from kafka-go, after the last attempt.
func (w *Writer) complete(messages []kafka.Message, err error) {
	if err != nil {
		err = fmt.Errorf("kafka did not take the record: %w", err)
	}
	w.observe(messages, err)
	for i := range messages {
		place := messages[i].WriterData.(*place)
		if err != nil {
			place.append.settle(place.index, err)
			continue
		}
		place.append.settleAt(place.index, Place{Partition: messages[i].Partition, Offset: messages[i].Offset}, nil)
	}
}

func (w *Writer) observe(messages []kafka.Message, err error) {
	topic := messages[0].Topic
	metrics := w.log.metrics
	metrics.appendBatches.WithLabelValues(topic).Inc()
	failed := metrics.appendErrors.WithLabelValues(topic) // from the first batch on, so that the first failure shows as an increase
	if err != nil {
		failed.Add(float64(len(messages)))
		return
	}
	size := 0
	for i := range messages {
		size += len(messages[i].Value)
	}
	metrics.appendRecords.WithLabelValues(topic).Add(float64(len(messages)))
	metrics.appendBytes.WithLabelValues(topic).Add(float64(size))
}

// Close refuses further Appends, sends the waiting records, and returns when the outcome of all is known. It gives up those that Kafka does not have
// when the context ends.
func (w *Writer) Close(ctx context.Context) error {
	defer context.AfterFunc(ctx, w.abort)()
	w.enqueueing.Lock()
	w.closed = true
	w.enqueueing.Unlock()
	err := w.kafka.Close()
	w.abort()
	return errors.Join(err, ctx.Err())
}
