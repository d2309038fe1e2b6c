package e2e

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/eventlog/security"
)

// Kafka asks again and again who the services are, allows them what the README says and no more, and is restarted with certificates of another authority, as
// theirs are then: clients notice nothing.
func TestProtectedKafkaUnderLoad(t *testing.T) {
	const reauthentication = 1500 * time.Millisecond
	properties := map[string]string{"connections.max.reauth.ms": fmt.Sprint(reauthentication.Milliseconds())}
	maps.Copy(properties, kafkatest.Authorizer)
	cluster := kafkatest.StartProtected(t, kafkatest.Config{Brokers: 1, Properties: properties}, "collector", "gateway")
	plain := kafkatest.NewPlain(t, cluster.Addrs())
	plain.Allow(t, "collector", "atlas.", "Read", "Write", "Create", "DescribeConfigs")
	plain.Allow(t, "gateway", "atlas.", "Read")
	as := func(user string) security.Config {
		return security.Config{TLS: true, CA: cluster.Authority.CA(), SASL: security.SCRAMSHA512, User: user, Password: kafkatest.Password}
	}
	house := buildProtectedHouse(t, cluster.ListenerAddrs("SASL_SSL"), as("collector"), as("gateway"))
	house.awaitReady(t)
	underLoad(t, house, func(load *load) {
		for began := time.Now(); time.Since(began) < 3*reauthentication; {
			load.awaitMore(t, 10)
		}
		cluster.Authority.Renew(t)
		if err := cluster.Restart(0); err != nil {
			t.Error(err)
		}
	})
}
