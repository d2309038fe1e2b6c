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

// maxObjects bounds a registry unless it is told otherwise, and the probes with connection events as well; the real network has 50,900 measurements and
// 13,421 probes. What comes beyond is rejected: a probe stays unknown, and so may be any measurement then, of which none that is unknown counts as public.
const maxObjects = 1 << 20

var (
	errFull      = errors.New("there are as many objects as are kept")
	errFullBytes = errors.New("the objects that are kept take as much memory as they may")
)

// table has the objects of one registry by ID, each as parse gives it.
type table[T any] struct {
	parse   func(*atlas.Object) (T, error)
	standIn func(id int64) T // for an unknown object that cannot be read; nil: it stays unknown
	logger  *zap.Logger
	metrics tableMetrics
	seed    maphash.Seed
	most    int
	counts  func(*T) bool // which objects are counted apart; nil: none
	room    room[T]

	progress progress
	caughtUp atomic.Bool
	overflew atomic.Bool // objects were rejected, as there was no room for them
	isLong   bool        // it was told that there is no room for all that objects say

	mu      sync.RWMutex
	entries map[int64]*entry[T] // an entry does not change
	counted int                 // of those that are counted apart
	sorted  []int64             // their IDs; nil if it has to be made
	bytes   int64               // that they take
}

type entry[T any] struct {
	value     T
	hash      uint64 // of the object's bytes
	abridged  bool   // there was no room for all of the object
	partition int32  // where the object stands that came last
	offset    int64
}

func newTable[T any](name string, parse func(*atlas.Object) (T, error), standIn func(id int64) T, logger *zap.Logger, metrics *metrics) *table[T] {
	return &table[T]{
		parse:    parse,
		standIn:  standIn,
		logger:   logger.With(zap.String("registry", name)),
		metrics:  metrics.of(name),
		seed:     maphash.MakeSeed(),
		most:     maxObjects,
		progress: newProgress(),
		entries:  make(map[int64]*entry[T]),
	}
}

// apply takes objects in the log's order. Once the table has caught up, it calls changed, without a lock held, for each that makes a difference.
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
		t.metrics.show(len(t.entries), t.bytes)
	}
	if len(objects) > 0 {
		t.progress.come(objects[len(objects)-1].Position.Offset, differs)
	}
}

func (t *table[T]) catchUp() {
	if t.caughtUp.Swap(true) {
		return
	}
	t.metrics.caughtUp.Set(1)
	t.logger.Info("the registry has been read", zap.Int("objects", len(t.entries)))
}

// take tells whether an object made a difference.
func (t *table[T]) take(object *atlas.Object, changed func(object *atlas.Object, before, now *T)) bool {
	known := t.entries[object.ID] // this goroutine alone writes
	now, err := t.next(object, known)
	if err != nil {
		t.noteRejected(object, err)
		t.tellOfRejected(object, err, changed)
		object = &atlas.Object{ID: object.ID, Position: object.Position} // its value is for nobody
	}
	if now == known {
		return false
	}
	t.set(object.ID, now)
	if now != nil && known != nil && now.hash == known.hash { // it was put again
		return now.abridged != known.abridged
	}
	if changed != nil {
		changed(object, known.get(), now.get())
	}
	return true
}

func (t *table[T]) noteRejected(object *atlas.Object, err error) {
	t.metrics.rejected.Inc()
	t.logger.Warn("an object cannot be taken", zap.Int64("id", object.ID),
		zap.Int("partition", object.Position.Partition), zap.Int64("offset", object.Position.Offset), zap.Error(err))
}

// tellOfRejected has those who have something already of what there is no room for learn what it counts as from now on.
func (t *table[T]) tellOfRejected(object *atlas.Object, err error, changed func(object *atlas.Object, before, now *T)) {
	if errors.Is(err, errFull) && t.standIn != nil && changed != nil {
		now := t.standIn(object.ID)
		changed(object, nil, &now)
	}
}

func newEntry[T any](value T, hash uint64, object *atlas.Object) *entry[T] {
	return &entry[T]{value: value, hash: hash, partition: int32(object.Position.Partition), offset: object.Position.Offset}
}

// next is what becomes of an entry by an object: the entry itself if that cannot be taken, nil if it deletes it. Either may come with an error.
func (t *table[T]) next(object *atlas.Object, known *entry[T]) (*entry[T], error) {
	if len(object.Value) == 0 {
		return nil, nil
	}
	hash := maphash.Bytes(t.seed, object.Value)
	if known != nil && known.hash == hash && !known.abridged {
		return newEntry(known.value, hash, object), nil
	}
	if known == nil && len(t.entries) >= t.most {
		t.noteFull()
		return nil, errFull
	}
	value, err := t.parse(object)
	if err == nil {
		now := newEntry(value, hash, object)
		if err = t.fit(now, known); err == nil {
			return now, nil
		}
	}
	if known == nil && t.standIn != nil {
		return newEntry(t.standIn(object.ID), hash, object), err
	}
	return known, err
}

// noteFull tells once that objects are left out.
func (t *table[T]) noteFull() {
	if t.overflew.Swap(true) {
		return
	}
	t.metrics.full.Set(1)
	t.logger.Warn("the log has more objects than are kept: those that come beyond are left out, and no measurement that is unknown counts as public",
		zap.Int("kept", t.most))
}

func (t *table[T]) set(id int64, now *entry[T]) {
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

// recount is called under the lock.
func (t *table[T]) recount(of *entry[T], by int) {
	if of != nil && t.counts != nil && t.counts(&of.value) {
		t.counted += by
	}
}

// countApart is how many of those there are that are counted apart.
func (t *table[T]) countApart() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.counted
}

// ids gives the IDs that are known, in their order. They must not be changed.
func (t *table[T]) ids() []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sorted == nil {
		t.sorted = slices.Sorted(maps.Keys(t.entries))
	}
	return t.sorted
}

// get is nil for what is not known.
func (t *table[T]) get(id int64) *T {
	t.mu.RLock()
	found := t.entries[id]
	t.mu.RUnlock()
	return found.get()
}

// position tells where an object stands, but for the topic.
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

// each shows what is known, in no order, without a lock held.
func (t *table[T]) each(show func(*T)) {
	t.mu.RLock()
	known := slices.Collect(maps.Values(t.entries))
	t.mu.RUnlock()
	for _, entry := range known {
		show(&entry.value)
	}
}

func (e *entry[T]) get() *T {
	if e == nil {
		return nil
	}
	return &e.value
}
