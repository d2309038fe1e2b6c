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

// Writer makes a Writer. The configuration is valid.
func (l *Log) Writer(cfg WriterConfig) *Writer {
	cfg = cfg.withDefaults()
	aborted, abort := context.WithCancel(context.Background())
	w := &Writer{log: l, config: cfg, memory: semaphore.NewWeighted(cfg.WaitingBytes), abort: abort}
	w.kafka = &kafka.Writer{
		Addr:            l.client.Addr,
		Transport:       &persistentTransport{transport: l.transport, aborted: aborted},
		Balancer:        keyBalancer,
		RequiredAcks:    kafka.RequireAll,
		Compression:     kafka.Zstd,
		BatchSize:       batchRecords,
		BatchBytes:      batchBytes,
		BatchTimeout:    cfg.BatchTimeout,
		WriteTimeout:    produceTimeout,
		ReadTimeout:     requestTimeout,
		WriteBackoffMin: leastPause,
		WriteBackoffMax: greatestWritePause,
		MaxAttempts:     int(cfg.Timeout/greatestWritePause) + 1,
		Async:           true, // Append waits itself, so that it knows the outcome of each record
		Completion:      w.complete,
		ErrorLogger:     kafka.LoggerFunc(l.warnOfWriter),
	}
	return w
}

// warnOfWriter passes on under one message what kafka-go says of each attempt, so that it does not fill the log.
func (l *Log) warnOfWriter(format string, args ...any) {
	l.logger.Warn("writing to Kafka failed", zap.String("attempt", fmt.Sprintf(format, args...)))
}

// Append returns nil once Kafka has every event on all in-sync replicas, and an *AppendError if it does not have them all. ErrBusy, ErrAppendTooLarge and
// ErrClosed say that nothing was sent. Events of one measurement stand in the log in the order of the calls. The events' values must not change afterwards.
func (w *Writer) Append(ctx context.Context, topic string, events []atlas.Event) error {
	if len(events) == 0 {
		return nil
	}
	size := waitingSize(events)
	if err := w.reserve(size); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.config.Timeout, fmt.Errorf("no answer within %s", w.config.Timeout))
	defer cancel()
	pending, messages := w.prepare(topic, events, size)
	if err := w.enqueue(ctx, topic, messages); err != nil {
		pending.settleAll(messages, err)
	}
	return pending.wait(ctx)
}

func waitingSize(events []atlas.Event) int64 {
	size := int64(len(events))*waitingOverhead + int64(min(len(events), chargedBatches))*batchOverhead
	for i := range events {
		size += int64(len(events[i].Value))
	}
	return size
}

func (w *Writer) reserve(size int64) error {
	if size > w.config.WaitingBytes {
		return fmt.Errorf("%w: got %d, want at most %d", ErrAppendTooLarge, size, w.config.WaitingBytes)
	}
	if !w.memory.TryAcquire(size) {
		return ErrBusy
	}
	w.log.metrics.waitingBytes.Add(float64(size))
	return nil
}

func (w *Writer) free(size int64) {
	w.memory.Release(size)
	w.log.metrics.waitingBytes.Sub(float64(size))
}

// prepare makes messages of the events that can be sent, and settles the others.
func (w *Writer) prepare(topic string, events []atlas.Event, size int64) (*pendingAppend, []kafka.Message) {
	pending := newPendingAppend(len(events), func() { w.free(size) })
	places := make([]place, len(events))
	messages := make([]kafka.Message, 0, len(events))
	encoder := newEncoder(len(events), time.Now())
	for i := range events {
		places[i] = place{append: pending, index: i}
		message, err := w.encode(encoder, topic, &events[i])
		if err != nil {
			pending.settle(i, err)
			continue
		}
		message.WriterData = &places[i]
		messages = append(messages, message)
	}
	return pending, messages
}

func (w *Writer) encode(encoder *encoder, topic string, event *atlas.Event) (kafka.Message, error) {
	if len(event.Value) > w.config.MaxRecordBytes {
		return kafka.Message{}, fmt.Errorf("%w: got %d bytes, want at most %d", ErrRecordTooLarge, len(event.Value), w.config.MaxRecordBytes)
	}
	return encoder.message(topic, event)
}

// enqueue hands the messages to kafka-go, all or none. kafka-go itself does not try again where a topic is too young for its metadata, or Kafka was never
// reached yet.
func (w *Writer) enqueue(ctx context.Context, topic string, messages []kafka.Message) error {
	var pause backoff
	for {
		err := w.write(ctx, messages)
		_, tooLarge := errors.AsType[kafka.MessageTooLargeError](err)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrClosed):
			return ErrClosed
		case tooLarge:
			return ErrRecordTooLarge
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

// complete learns from kafka-go what became of a batch, after its last attempt.
func (w *Writer) complete(messages []kafka.Message, err error) {
	if err != nil {
		err = fmt.Errorf("kafka did not take the record: %w", err)
	}
	w.observe(messages, err)
	for i := range messages {
		place := messages[i].WriterData.(*place)
		place.append.settle(place.index, err)
	}
}

func (w *Writer) observe(messages []kafka.Message, err error) {
	topic := messages[0].Topic
	metrics := w.log.metrics
	metrics.appendBatches.WithLabelValues(topic).Inc()
	if err != nil {
		metrics.appendErrors.WithLabelValues(topic).Add(float64(len(messages)))
		return
	}
	size := 0
	for i := range messages {
		size += len(messages[i].Value)
	}
	metrics.appendRecords.WithLabelValues(topic).Add(float64(len(messages)))
	metrics.appendBytes.WithLabelValues(topic).Add(float64(size))
}

// Close refuses further Appends, sends what waits, and returns when the outcome of all is known. What is not in Kafka when the context ends is given up.
func (w *Writer) Close(ctx context.Context) error {
	defer context.AfterFunc(ctx, w.abort)()
	w.enqueueing.Lock()
	w.closed = true
	w.enqueueing.Unlock()
	err := w.kafka.Close()
	w.abort()
	return errors.Join(err, ctx.Err())
}
