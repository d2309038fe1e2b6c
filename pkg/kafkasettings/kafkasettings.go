// Package kafkasettings has the settings by which every program reaches Kafka.
package kafkasettings

import (
	"errors"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/service"
)

// Flags are the settings; commands embed them.
type Flags struct {
	Kafka []string `help:"Kafka brokers, as host:port, separated by commas." default:"localhost:9092" placeholder:"HOST:PORT"`

	KafkaTLS          bool   `name:"kafka-tls" help:"Reach Kafka over TLS."`
	KafkaCA           string `name:"kafka-ca" help:"File with the CA certificates in PEM to verify brokers with; the system's unless given. Like the other files, it is read again for each connection." placeholder:"FILE"`
	KafkaCert         string `help:"File with the client certificate in PEM, for mutual TLS." placeholder:"FILE"`
	KafkaKey          string `help:"File with the key of --kafka-cert in PEM." placeholder:"FILE"`
	KafkaServerName   string `help:"Host name to verify in brokers' certificates; each broker's own unless given." placeholder:"NAME"`
	KafkaSASL         string `name:"kafka-sasl" help:"SASL mechanism to authenticate with." enum:"none,plain,scram-sha-256,scram-sha-512,oauthbearer" default:"none"`
	KafkaUser         string `help:"User name for plain and scram." placeholder:"NAME"`
	KafkaPassword     string `help:"Password of --kafka-user; better given as ATLAS_KAFKA_PASSWORD, or in a file." placeholder:"SECRET"`
	KafkaPasswordFile string `help:"File with the password of --kafka-user." placeholder:"FILE"`
	KafkaTokenFile    string `help:"File with the token for oauthbearer." placeholder:"FILE"`
}

// Security gives the settings of TLS and SASL.
func (f Flags) Security() security.Config {
	config := security.Config{
		TLS: f.KafkaTLS, CA: f.KafkaCA, Cert: f.KafkaCert, Key: f.KafkaKey, ServerName: f.KafkaServerName,
		SASL: security.Mechanism(f.KafkaSASL), User: f.KafkaUser, Password: f.KafkaPassword, PasswordFile: f.KafkaPasswordFile, TokenFile: f.KafkaTokenFile,
	}
	if f.KafkaSASL == "none" {
		config.SASL = security.None
	}
	return config
}

// Check joins the faults of a configuration, each with the setting that it is about.
func Check(config eventlog.Config) error {
	protection := config.Security
	config.Security = security.Config{}
	faults := []error{service.Setting("kafka", config.Validate())}
	for _, fault := range protection.Faults() {
		faults = append(faults, service.Setting("kafka-"+fault.Field, fault.Err))
	}
	return errors.Join(faults...)
}
