package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// registryView is a registry as one of its readers has it.
type registryView struct {
	caughtUp chan struct{} // closed when it is told
	mu       sync.Mutex
	objects  map[int64]string
	applied  map[int64]int // how often apply had each ID
	changed  chan struct{}
}

// readRegistry reads until the test ends.
func readRegistry(t testing.TB, log *eventlog.Log, topic string) *registryView {
	t.Helper()
	m := &registryView{caughtUp: make(chan struct{}), objects: map[int64]string{}, applied: map[int64]int{}, changed: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- log.ReadRegistry(ctx, topic, m.apply, func() { close(m.caughtUp) }) // telling it twice panics
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("reading %s ended with %v", topic, err)
		}
	})
	return m
}

func (m *registryView) apply(objects []atlas.Object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, object := range objects {
		m.applied[object.ID]++
		m.objects[object.ID] = string(object.Value)
		if len(object.Value) == 0 {
			delete(m.objects, object.ID)
		}
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *registryView) awaitCaughtUp(t testing.TB) {
	t.Helper()
	select {
	case <-m.caughtUp:
	case <-time.After(patience):
		t.Fatal("reading never caught up")
	}
}

// await returns once the view shows exactly those objects.
func (m *registryView) await(t testing.TB, want map[int64]string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		m.mu.Lock()
		same, changed, difference := maps.Equal(m.objects, want), m.changed, differences(m.objects, want)
		m.mu.Unlock()
		if same {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the registry does not get the wanted objects: %s", difference)
		}
	}
}

// assertIs wants exactly those objects now.
func (m *registryView) assertIs(t testing.TB, want map[int64]string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if difference := differences(m.objects, want); difference != "" {
		t.Errorf("the registry does not have the wanted objects: %s", difference)
	}
}

func differences(got, want map[int64]string) string {
	var found []string
	for id, value := range want {
		if got[id] != value {
			found = append(found, fmt.Sprintf("%d: got %.40q, want %.40q", id, got[id], value))
		}
	}
	for id, value := range got {
		if _, wanted := want[id]; !wanted {
			found = append(found, fmt.Sprintf("%d: got %.40q, want none", id, value))
		}
	}
	slices.Sort(found)
	return strings.Join(found[:min(len(found), 5)], "; ")
}

// testRegistry is the topic of a registry, with the objects that its readers must have in the end.
type testRegistry struct {
	f      fixture
	topic  string
	writer *eventlog.Writer
	want   map[int64]string
}

func (f fixture) newRegistry(t testing.TB, partitions int) *testRegistry {
	t.Helper()
	spec := unusedSpec(t)
	spec.Partitions, spec.Compacted = partitions, true
	if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
		t.Fatal(err)
	}
	return &testRegistry{f: f, topic: spec.Name, writer: f.newWriter(t, eventlog.WriterConfig{}), want: map[int64]string{}}
}

// put writes an object for each ID, all in one call.
func (s *testRegistry) put(t testing.TB, version int, ids ...int64) {
	t.Helper()
	objects := make([]atlas.Object, len(ids))
	for i, id := range ids {
		objects[i] = atlas.Object{ID: id, Value: fmt.Appendf(nil, `{"id":%d,"version":%d}`, id, version)}
	}
	s.putObjects(t, objects...)
}

func (s *testRegistry) delete(t testing.TB, ids ...int64) {
	t.Helper()
	objects := make([]atlas.Object, len(ids))
	for i, id := range ids {
		objects[i] = atlas.Object{ID: id}
	}
	s.putObjects(t, objects...)
}

func (s *testRegistry) putObjects(t testing.TB, objects ...atlas.Object) {
	t.Helper()
	if err := s.writer.AppendObjects(t.Context(), s.topic, objects); err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		s.want[object.ID] = string(object.Value)
		if len(object.Value) == 0 {
			delete(s.want, object.ID)
		}
	}
}

func idsUpTo(count int64) []int64 {
	ids := make([]int64, count)
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	return ids
}
