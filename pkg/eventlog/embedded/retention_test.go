package embedded

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestRetentionIsAppliedPeriodically(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		applied := 0
		retention := startRetention(func() { applied++ }, time.Hour)
		time.Sleep(3*time.Hour + time.Minute)
		retention.stop()
		time.Sleep(3 * time.Hour)
		if applied != 3 {
			t.Errorf("retention was applied %d times in three hours, want 3", applied)
		}
	})
}

// kfake's own clockwork, which compacts as well, stays away from what is on disk.
func TestDiskIsNotCompactedByTheClock(t *testing.T) {
	for _, test := range []struct {
		dir, want string
		retention bool
	}{{t.TempDir(), never, true}, {"", "3600000", false}} {
		broker := start(t, Config{Dir: test.dir})
		if got := cleanerPause(t, broker); got != test.want {
			t.Errorf("in %q: the cleaner pauses for %s ms, want %s", test.dir, got, test.want)
		}
		if applied := broker.retention != nil; applied != test.retention {
			t.Errorf("in %q: somebody applies retention: got %t, want %t", test.dir, applied, test.retention)
		}
	}
}

func cleanerPause(t *testing.T, broker *Broker) string {
	t.Helper()
	request := kmsg.NewPtrDescribeConfigsRequest()
	request.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "0", ConfigNames: []string{"log.cleaner.backoff.ms"}}}
	response, err := request.RequestWith(deadline(t), connect(t, broker.Addrs()))
	if err != nil || len(response.Resources) != 1 || len(response.Resources[0].Configs) != 1 {
		t.Fatalf("got %+v, %v", response, err)
	}
	return *response.Resources[0].Configs[0].Value
}
