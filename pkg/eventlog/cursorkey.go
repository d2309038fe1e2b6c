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

// KeysTopic has the secrets that all gateways of a log share. Its records are for whoever may read them: so it is closed to all but the services.
const KeysTopic = "atlas.keys"

// KeysSpec is the topic of the secrets: one partition, and nothing is ever deleted, as the first record of its kind is the one that counts.
func KeysSpec() TopicSpec { return TopicSpec{Name: KeysTopic, Partitions: 1} }

const (
	// cursorKeyName is the key of the records in KeysTopic whose value is a key that seals cursors.
	cursorKeyName = "cursor"
	// CursorKeySize is the length of a key that seals cursors, in bytes. The record's value has it in hexadecimal digits.
	CursorKeySize = 32
	// cursorKeyInterval is how often KeepCursorKey looks whether Kafka still has the key.
	cursorKeyInterval = 5 * time.Second
)

// ErrNoCursorKey says that KeysTopic has no key that seals cursors.
var ErrNoCursorKey = errors.New("there is no cursor key")

// ErrCursorKeyUnreadable says that it cannot be known which key is the first in KeysTopic, however often it is read.
var ErrCursorKeyUnreadable = errors.New("what stands before the first cursor key cannot be read: restore the topic from a replica, " +
	"or delete it, so that collectors make another key; what the old one has sealed is of no use then")

// CursorKey gives the key that seals cursors, of CursorKeySize bytes: the first one in KeysTopic. Errors: ErrNoTopic and ErrNoCursorKey, until a collector has
// made it; ErrCursorKeyUnreadable, until somebody has mended it; or why Kafka does not tell, which is not tried again.
func (l *Log) CursorKey(ctx context.Context) ([]byte, error) {
	if _, err := l.topicPartitions(ctx, KeysTopic); err != nil {
		return nil, err
	}
	return l.firstCursorKey(ctx, l.partition(KeysTopic, 0))
}

// firstCursorKey is for those who ask again and again, and log it themselves if what they get cannot be read.
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

// lastUnreadable is where a topic that is read again and again could not be read the last time.
type lastUnreadable struct{ behind atomic.Int64 } // 0: it could

// isNewFault takes in how a reading has ended, and tells whether it met a batch that cannot be read and that the one before did not meet.
func (l *lastUnreadable) isNewFault(err error) bool {
	gone, is := errors.AsType[*OffsetGoneError](err)
	switch {
	case is && gone.Unreadable != nil:
		return l.behind.Swap(gone.First) != gone.First
	case err == nil || errors.Is(err, ErrNoCursorKey):
		l.behind.Store(0)
	}
	return false
}

// cursorKey reads to before an offset.
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

// readCursorKey gives nil for a record that is no key of cursors.
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

// parseCursorKey gives nil for what is no key of cursors. All readers must agree on that, as the first one counts.
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

// EnsureCursorKey gives the key that seals cursors. It makes the topic, as it is described, and the key if Kafka does not have them, and waits for Kafka as
// long as the context lasts. Of several who make a key at once, all get the one that comes first in the log.
func (l *Log) EnsureCursorKey(ctx context.Context, topic TopicSpec) (key []byte, err error) {
	if err := l.EnsureTopics(ctx, topic); err != nil {
		return nil, err
	}
	var refusal error // which trying again does not mend
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
	return l.CursorKey(ctx) // another one's may be the first
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
		return fmt.Errorf("%s: making the cursor key: %w", KeysTopic, err)
	}
	l.logger.Info("made a key that seals cursors", zap.String("topic", KeysTopic))
	return nil
}

// KeepCursorKey ensures that Kafka has a key that seals cursors, also after its topic was deleted: then it is another one. It returns when the context ends.
func (l *Log) KeepCursorKey(ctx context.Context, topic TopicSpec) {
	ticker := time.NewTicker(cursorKeyInterval)
	defer ticker.Stop()
	for {
		_, err := l.CursorKey(ctx)
		if errors.Is(err, ErrNoTopic) || errors.Is(err, ErrNoCursorKey) {
			_, err = l.EnsureCursorKey(ctx, topic)
		}
		if err != nil && ctx.Err() == nil {
			l.logger.Warn("there is no key that seals cursors yet, trying again", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
