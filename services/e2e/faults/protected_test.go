package faults

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
	"atlasstream/services/gateway"
)

// Kafka requires the services to authenticate again and again, allows them what the README says and no more, and is restarted with certificates of another
// authority: clients notice nothing.
func TestProtectedKafkaUnderLoad(t *testing.T) {
	const reauthentication = 1500 * time.Millisecond
	properties := map[string]string{"connections.max.reauth.ms": fmt.Sprint(reauthentication.Milliseconds())}
	maps.Copy(properties, kafkatest.Authorizer)
	kafka := kafkatest.StartProtected(t, kafkatest.Config{Brokers: 1, Properties: properties}, "collector", "gateway")
	plain := kafkatest.NewPlain(t, kafka.Addrs())
	plain.Allow(t, "collector", "atlas.", "Read", "Write", "Create", "DescribeConfigs")
	plain.Allow(t, "gateway", "atlas.", "Read")
	as := func(user string) security.Config {
		return security.Config{TLS: true, CA: kafka.Authority.CA(), SASL: security.SCRAMSHA512, User: user, Password: kafkatest.Password}
	}
	cluster := testcluster.StartWith(t, kafka.ListenerAddrs("SASL_SSL"), collector.Config{Security: as("collector")}, gateway.Config{Security: as("gateway")})
	underLoad(t, cluster, func(poster *workload.Poster) {
		for began := time.Now(); time.Since(began) < 3*reauthentication; {
			poster.AwaitMore(t, 10)
		}
		kafka.Authority.Renew(t)
		if err := kafka.Restart(0); err != nil {
			t.Error(err)
		}
	})
}
