package catalog

import (
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
)

// maxObjects is the default limit of a table; the real network has 50,900 measurements and 13,421 probes. Objects beyond it are rejected: such a probe stays
// unknown, and from then on every unknown measurement is taken for not public.
const maxObjects = 1 << 20

var (
	errFull       = errors.New("the limit of objects is reached")
	errMemoryFull = errors.New("the memory limit for objects is reached")
)

// table has the objects of one topic by ID, parsed.
type table[T any] struct {
	parse       func(*atlas.Object) (T, error)
	placeholder func(id int64) T // of an unknown object that cannot be parsed; nil if it stays unknown
	logger      *zap.Logger
	metrics     tableMetrics
	seed        maphash.Seed
	maxEntries  int
	countIf     func(*T) bool // counts the objects of countMatching; nil for none
	memory      memoryLimit[T]

	progress   progress
	caughtUp   atomic.Bool
	overflowed atomic.Bool // objects were rejected because of maxEntries
	memoryFull bool        // it is logged that the memory limit is reached

	mu       sync.RWMutex
	entries  map[int64]*storedObject[T] // entries are immutable
	matching int                        // entries for which countIf is true
	sorted   []int64                    // all IDs; nil if outdated
	bytes    int64                      // of memory
}

type storedObject[T any] struct {
	value     T
	hash      uint64 // of the object's bytes
	abridged  bool   // kept without its texts
	partition int32  // of the object's newest record
	offset    int64
}

func newTable[T any](name string, parse func(*atlas.Object) (T, error), placeholder func(id int64) T, logger *zap.Logger, metrics *metrics) *table[T] {
	return &table[T]{
		parse:       parse,
		placeholder: placeholder,
		logger:      logger.With(zap.String("catalog", name)),
		metrics:     metrics.of(name),
		seed:        maphash.MakeSeed(),
		maxEntries:  maxObjects,
		progress:    newProgress(),
		entries:     make(map[int64]*storedObject[T]),
	}
}

// apply applies objects in the log's order. Once the table has caught up, it calls changed, without holding a lock, for each object that changes something.
func (t *table[T]) apply(objects []atlas.Object, changed func(object *atlas.Object, before, now *T)) {
	if !t.caughtUp.Load() {
		changed = nil
	}
	differs := false
	for i := range objects {
		if t.take(&objects[i], changed) {
			differs = true
		}
	}
	if differs {
		t.metrics.update(len(t.entries), t.bytes)
	}
	if len(objects) > 0 {
		t.progress.setOffset(objects[len(objects)-1].Position.Offset, differs)
	}
}

func (t *table[T]) catchUp() {
	if t.caughtUp.Swap(true) {
		return
	}
	t.metrics.caughtUp.Set(1)
	t.logger.Info("the objects of the log have been read", zap.Int("objects", len(t.entries)))
}

// take applies an object and reports whether it changed something.
func (t *table[T]) take(object *atlas.Object, changed func(object *atlas.Object, before, now *T)) bool {
	known := t.entries[object.ID] // only this goroutine writes
	now, err := t.next(object, known)
	if err != nil {
		t.noteRejected(object, err)
		t.notifyRejected(object, err, changed)
		object = &atlas.Object{ID: object.ID, Position: object.Position} // without the value, which cannot be used
	}
	if now == known {
		return false
	}
	t.set(object.ID, now)
	if now != nil && known != nil && now.hash == known.hash { // the same object again
		return now.abridged != known.abridged
	}
	if changed != nil {
		changed(object, known.get(), now.get())
	}
	return true
}

func (t *table[T]) noteRejected(object *atlas.Object, err error) {
	t.metrics.rejected.Inc()
	t.logger.Warn("an object was rejected", zap.Int64("id", object.ID),
		zap.Int("partition", object.Position.Partition), zap.Int64("offset", object.Position.Offset), zap.Error(err))
}

// notifyRejected reports an object beyond the limit as its placeholder: subscriptions to it may exist already.
func (t *table[T]) notifyRejected(object *atlas.Object, err error, changed func(object *atlas.Object, before, now *T)) {
	if errors.Is(err, errFull) && t.placeholder != nil && changed != nil {
		now := t.placeholder(object.ID)
		changed(object, nil, &now)
	}
}

func newStoredObject[T any](value T, hash uint64, object *atlas.Object) *storedObject[T] {
	return &storedObject[T]{value: value, hash: hash, partition: int32(object.Position.Partition), offset: object.Position.Offset}
}

// next returns the entry after an object: the known one if the object is rejected, nil if it is a deletion. There may be an error beside either.
func (t *table[T]) next(object *atlas.Object, known *storedObject[T]) (*storedObject[T], error) {
	if len(object.Value) == 0 {
		return nil, nil
	}
	hash := maphash.Bytes(t.seed, object.Value)
	if known != nil && known.hash == hash && !known.abridged {
		return newStoredObject(known.value, hash, object), nil
	}
	if known == nil && len(t.entries) >= t.maxEntries {
		t.noteTableFull()
		return nil, errFull
	}
	value, err := t.parse(object)
	if err == nil {
		now := newStoredObject(value, hash, object)
		if err = t.fitMemory(now, known); err == nil {
			return now, nil
		}
	}
	if known == nil && t.placeholder != nil {
		return newStoredObject(t.placeholder(object.ID), hash, object), err
	}
	return known, err
}

// noteTableFull logs once that objects are dropped.
func (t *table[T]) noteTableFull() {
	if t.overflowed.Swap(true) {
		return
	}
	t.metrics.full.Set(1)
	t.logger.Warn("the limit of objects is reached: further ones are dropped, and unknown measurements are taken for not public",
		zap.Int("kept", t.maxEntries))
}

func (t *table[T]) set(id int64, now *storedObject[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if (now == nil) != (t.entries[id] == nil) {
		t.sorted = nil
	}
	t.recount(t.entries[id], -1)
	t.recount(now, +1)
	t.bytes += t.sizeOf(now) - t.sizeOf(t.entries[id])
	if now == nil {
		delete(t.entries, id)
		return
	}
	t.entries[id] = now
}

// recount is called with the lock held.
func (t *table[T]) recount(of *storedObject[T], by int) {
	if of != nil && t.countIf != nil && t.countIf(&of.value) {
		t.matching += by
	}
}

// countMatching returns how many entries countIf is true for.
func (t *table[T]) countMatching() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.matching
}

// ids returns the known IDs in ascending order. They must not be modified.
func (t *table[T]) ids() []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sorted == nil {
		t.sorted = slices.Sorted(maps.Keys(t.entries))
	}
	return t.sorted
}

// get returns nil for an unknown ID.
func (t *table[T]) get(id int64) *T {
	t.mu.RLock()
	found := t.entries[id]
	t.mu.RUnlock()
	return found.get()
}

// position returns the position of an object, without its topic.
func (t *table[T]) position(id int64) (position atlas.Position, known bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	found := t.entries[id]
	if found == nil {
		return position, false
	}
	return atlas.Position{Partition: int(found.partition), Offset: found.offset}, true
}

func (t *table[T]) count() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.entries)
}

// each calls show for all known values, in no order, without holding the lock.
func (t *table[T]) each(show func(*T)) {
	t.mu.RLock()
	known := slices.Collect(maps.Values(t.entries))
	t.mu.RUnlock()
	for _, entry := range known {
		show(&entry.value)
	}
}

func (e *storedObject[T]) get() *T {
	if e == nil {
		return nil
	}
	return &e.value
}
