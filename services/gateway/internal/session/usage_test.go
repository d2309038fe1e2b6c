package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// keptBytes is how many bytes a function's result takes.
func keptBytes(produce func() any) int {
	var before, after runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	produced := produce()
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(produced)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

// A session that subscribes and unsubscribes for long keeps no more memory than Usage tells.
func TestAbuseMemoryOfASession(t *testing.T) {
	fields := func(from int) string {
		names := make([]string, 10)
		for i := range names {
			names[i] = fmt.Sprintf("%s%d", strings.Repeat("m", 90), from+i)
		}
		list, _ := json.Marshal(names)
		return string(list)
	}
	for name, parameters := range map[string]func(i int) string{
		"plain":  func(i int) string { return fmt.Sprintf(`{"msm":%d}`, 1+i%64) },
		"probes": func(i int) string { return fmt.Sprintf(`{"msm":1001,"prb":%d}`, 1+i) },
		"conditions": func(i int) string {
			return fmt.Sprintf(`{"msm":1001,"equalsTo":{"a":"%s%d"}}`, sessiontest.Alternatives(20), i)
		},
		"fields of probes": func(i int) string {
			return fmt.Sprintf(`{"msm":1001,"prb":%d,"acceptedFields":%s}`, 1+i, fields(10*i))
		},
		"fields of all and of one": func(i int) string {
			return fmt.Sprintf(`{"msm":1001,"prb":%d,"acceptedFields":%s}`, 1+max(i, 50)-50, fields(10*i))
		},
		"lists": func(i int) string {
			return fmt.Sprintf(`{"msm":[1001,1002],"prb":[%d,%d,%d],"equalsTo":{"a":"%s%[1]d"},"limit":9,"cursor":""}`, 1+i, 5000+i, 9000+i, sessiontest.Alternatives(20))
		},
		"arrays and cursors": func(i int) string { return fmt.Sprintf(`{"msm":%d,"buffering":true,"cursor":""}`, 1+i) },
	} {
		t.Run(name, func(t *testing.T) {
			hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 1, Subscriptions: 1000}, Cursors: sessiontest.JSONCursors{}})
			subscriber := hub.MustJoin(t, &sessiontest.DiscardingClient{})
			var told int
			bytes := keptBytes(func() any {
				had := 0
				for i := range 3000 {
					err := sessiontest.Subscribe(t, subscriber, parameters(i))
					if errors.Is(err, session.ErrTooMany) {
						for ; had < i; had++ {
							_ = sessiontest.Unsubscribe(t, subscriber, parameters(had))
						}
					}
				}
				_, told = subscriber.Usage()
				return hub
			})
			if bytes > told+told/2+200_000 {
				t.Errorf("%d bytes are kept, and Usage tells %d", bytes, told)
			}
		})
	}
}
