package kafkasettings

import (
	"errors"
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/service"
)

// Every fault names its flag.
func TestFaultsNameTheirSettings(t *testing.T) {
	for want, config := range map[string]eventlog.Config{
		"kafka":            {},
		"kafka-ca":         {Brokers: []string{"kafka:9092"}, Security: Flags{KafkaCA: "ca.pem"}.Security()},
		"kafka-user":       {Brokers: []string{"kafka:9092"}, Security: Flags{KafkaSASL: "plain", KafkaPassword: "x"}.Security()},
		"kafka-token-file": {Brokers: []string{"kafka:9092"}, Security: Flags{KafkaSASL: "oauthbearer"}.Security()},
	} {
		if fault, ok := errors.AsType[*service.SettingError](Check(config)); !ok || fault.Name != want {
			t.Errorf("got %v, want a fault of %s", fault, want)
		}
	}
}

func TestNoneIsNoMechanism(t *testing.T) {
	if got := (Flags{KafkaSASL: "none"}).Security(); got != (security.Config{}) {
		t.Errorf("got %+v", got)
	}
}
