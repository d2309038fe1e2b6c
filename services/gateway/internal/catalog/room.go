package catalog

import (
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// room bounds the memory that the objects of a table take, as records of a topic may be long.
type room[T any] struct {
	bytes int64        // that they may take together
	size  func(*T) int // what one takes beside entryOverhead, in bytes
	brief func(*T) T   // what is kept of an object for which there is no room, little and never much more; nil: nothing

	abridged prometheus.Counter // objects of which only that was kept; nil where brief is
}

// entryOverhead is about what an entry takes beside its texts, in bytes.
const entryOverhead = 400

func (t *table[T]) sizeOf(entry *entry[T]) int64 {
	if entry == nil {
		return 0
	}
	return entryOverhead + int64(t.room.size(&entry.value))
}

// fit abridges what is to come in the place of what is known, where there is no room for all of it.
func (t *table[T]) fit(now, known *entry[T]) error {
	if t.bytes-t.sizeOf(known)+t.sizeOf(now) <= t.room.bytes {
		return nil
	}
	if t.room.brief == nil {
		t.noteLong("objects that come beyond are left out, or stay as they are known")
		return errFullBytes
	}
	t.noteLong("of those that come beyond, texts are left out")
	t.room.abridged.Inc()
	now.value, now.abridged = t.room.brief(&now.value), true
	return nil
}

// noteLong tells once that there is no room for all that objects say.
func (t *table[T]) noteLong(consequence string) {
	if t.isLong {
		return
	}
	t.isLong = true
	t.metrics.full.Set(1)
	t.logger.Warn("the objects of the log take more memory than they may: "+consequence, zap.Int64("bytes", t.room.bytes))
}
