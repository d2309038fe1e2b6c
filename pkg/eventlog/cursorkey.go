package eventlog

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// KeysTopic holds the secrets that all gateways of a log share. Any client that can read the topic knows them, so only the services may.
const KeysTopic = "atlas.keys"

// KeysSpec is the topic of the secrets: one partition without retention, as the first record of its kind counts.
func KeysSpec() TopicSpec { return TopicSpec{Name: KeysTopic, Partitions: 1} }

const (
	// cursorKeyName is the key of the records in KeysTopic whose value is a key that seals cursors.
	cursorKeyName = "cursor"
	// CursorKeySize is the length of a key that seals cursors, in bytes. The record's value has it in hexadecimal digits.
	CursorKeySize = 32
	// cursorKeyInterval is how often KeepCursorKey checks that Kafka still has the key.
	cursorKeyInterval = 5 * time.Second
)

// ErrNoCursorKey says that KeysTopic has no key that seals cursors.
var ErrNoCursorKey = errors.New("there is no cursor key")

// ErrCursorKeyUnreadable says that the first key in KeysTopic is unknown, as a batch before it is unreadable.
var ErrCursorKeyUnreadable = errors.New("the records before the first cursor key cannot be read: restore the topic from a replica, " +
	"or delete it, so that collectors create another key; cursors that were sealed with the old one become invalid")

// CursorKey returns the key that seals cursors, of CursorKeySize bytes: the first one in KeysTopic. It fails with ErrNoTopic or ErrNoCursorKey until a
// collector has created it, with ErrCursorKeyUnreadable until an operator has repaired the topic, or with Kafka's error, without a retry.
func (l *Log) CursorKey(ctx context.Context) ([]byte, error) {
	if _, err := l.topicPartitions(ctx, KeysTopic); err != nil {
		return nil, err
	}
	return l.firstCursorKey(ctx, l.partition(KeysTopic, 0))
}

// firstCursorKey is called again and again by callers that log its errors, so it counts and logs nothing twice.
func (l *Log) firstCursorKey(ctx context.Context, in partition) ([]byte, error) {
	first, next, err := in.bounds(ctx)
	if err != nil {
		return nil, err
	}
	reader := l.newRecordReader(in, first, "key")
	unreadable := reader.metrics.unreadable
	reader.metrics.unreadable, reader.logger = uncounted(), zap.NewNop()
	defer reader.close()
	key, err := reader.cursorKey(ctx, next)
	if l.unreadableKey.isNewFault(err) {
		unreadable.Inc()
	}
	if isUnreadable(err) {
		return nil, fmt.Errorf("%w: %w", ErrCursorKeyUnreadable, err)
	}
	return key, err
}

// lastUnreadable remembers which batch of a topic that is read periodically was unreadable the last time.
type lastUnreadable struct{ next atomic.Int64 } // the offset after the batch; 0 if all were readable

// isNewFault reports whether a read, which ended with err, has met an unreadable batch that the read before it has not.
func (l *lastUnreadable) isNewFault(err error) bool {
	gone, is := errors.AsType[*OffsetGoneError](err)
	switch {
	case is && gone.Unreadable != nil:
		return l.next.Swap(gone.First) != gone.First
	case err == nil || errors.Is(err, ErrNoCursorKey):
		l.next.Store(0)
	}
	return false
}

// cursorKey reads up to an offset.
func (r *recordReader) cursorKey(ctx context.Context, to int64) (found []byte, err error) {
	take := func(record *kafka.Record) error {
		if record.Offset < r.next {
			return nil
		}
		found, err = readCursorKey(record)
		r.next = record.Offset + 1
		if err != nil || found != nil {
			return errStop
		}
		return nil
	}
	for found == nil && r.next < to {
		if fetching := r.read(ctx, take); fetching != nil || err != nil {
			return nil, errors.Join(fetching, err)
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s: %w", KeysTopic, ErrNoCursorKey)
	}
	return found, nil
}

// readCursorKey returns nil for a record that is no cursor key.
func readCursorKey(record *kafka.Record) ([]byte, error) {
	name, err := readBytes(nil, record.Key)
	if err != nil {
		return nil, err
	}
	value, err := readBytes(nil, record.Value)
	if err != nil {
		return nil, err
	}
	return parseCursorKey(name, value), nil
}

// parseCursorKey returns nil for a record that is no cursor key. All readers must agree on that, as the first one counts.
func parseCursorKey(name, value []byte) []byte {
	if string(name) != cursorKeyName || len(value) != hex.EncodedLen(CursorKeySize) {
		return nil
	}
	key := make([]byte, CursorKeySize)
	if _, err := hex.Decode(key, value); err != nil {
		return nil
	}
	return key
}

// EnsureCursorKey returns the key that seals cursors. It creates the topic and the key if Kafka does not have them, and waits for Kafka until the
// context ends. If several collectors create a key at once, all of them get the first one in the log.
func (l *Log) EnsureCursorKey(ctx context.Context, topic TopicSpec) (key []byte, err error) {
	if err := l.EnsureTopics(ctx, topic); err != nil {
		return nil, err
	}
	var refusal error // a permanent error
	err = retry(ctx, func() error {
		if key, err = l.findOrMakeCursorKey(ctx); isMissingRight(err) {
			refusal, err = err, nil
		}
		return err
	})
	return key, cmp.Or(refusal, err)
}

func (l *Log) findOrMakeCursorKey(ctx context.Context) (key []byte, err error) {
	if key, err = l.CursorKey(ctx); !errors.Is(err, ErrNoCursorKey) {
		return key, err
	}
	if err := l.makeCursorKey(ctx); err != nil {
		return nil, err
	}
	return l.CursorKey(ctx) // another collector's may be the first
}

func (l *Log) makeCursorKey(ctx context.Context) error {
	key := make([]byte, CursorKeySize)
	_, _ = rand.Read(key) // it never fails
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := l.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: KeysTopic, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{
			Key: kafka.NewBytes([]byte(cursorKeyName)), Value: kafka.NewBytes(hex.AppendEncode(nil, key)), Time: time.Now(),
		}),
	})
	if err == nil {
		err = response.Error
	}
	if err != nil {
		return fmt.Errorf("%s: creating the cursor key: %w", KeysTopic, err)
	}
	l.logger.Info("created the key that seals cursors", zap.String("topic", KeysTopic))
	return nil
}

// KeepCursorKey ensures that Kafka has a key that seals cursors, also after its topic was deleted: then it is a new one. It returns when the context
// ends.
func (l *Log) KeepCursorKey(ctx context.Context, topic TopicSpec) {
	ticker := time.NewTicker(cursorKeyInterval)
	defer ticker.Stop()
	for {
		_, err := l.CursorKey(ctx)
		if errors.Is(err, ErrNoTopic) || errors.Is(err, ErrNoCursorKey) {
			_, err = l.EnsureCursorKey(ctx, topic)
		}
		if err != nil && ctx.Err() == nil {
			l.logger.Warn("there is no key that seals cursors yet, retrying", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
