// Package kafkasettings has the settings of every program's connections to Kafka.
package kafkasettings

import (
	"errors"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/service"
)

// Flags are the settings as flags; commands embed them.
type Flags struct {
	Kafka []string `help:"Kafka brokers to connect to first, as host:port, separated by commas." default:"localhost:9092" placeholder:"HOST:PORT"`

	KafkaTLS          bool   `name:"kafka-tls" help:"Connect to Kafka over TLS."`
	KafkaCA           string `name:"kafka-ca" help:"PEM file with the CA certificates that verify brokers; by default, those of the system. Each new connection reads it again." placeholder:"FILE"`
	KafkaCert         string `help:"PEM file with the client certificate, for mutual TLS. Each new connection reads it again." placeholder:"FILE"`
	KafkaKey          string `help:"PEM file with the private key of --kafka-cert. Each new connection reads it again." placeholder:"FILE"`
	KafkaServerName   string `help:"Host name that the certificate of every broker must have; by default, each broker's own." placeholder:"NAME"`
	KafkaSASL         string `name:"kafka-sasl" help:"SASL mechanism that authenticates this program to Kafka." enum:"none,plain,scram-sha-256,scram-sha-512,oauthbearer" default:"none"`
	KafkaUser         string `help:"User name for the SASL mechanisms plain and scram." placeholder:"NAME"`
	KafkaPassword     string `help:"Password of --kafka-user. Prefer the variable or --kafka-password-file, as other users of the machine can read a command line." placeholder:"SECRET"`
	KafkaPasswordFile string `help:"File with the password of --kafka-user. Each new connection reads it again." placeholder:"FILE"`
	KafkaTokenFile    string `help:"File with the token for the SASL mechanism oauthbearer. Each new connection reads it again." placeholder:"FILE"`
}

// Security returns the settings of TLS and SASL.
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

// Check joins the faults of a configuration, each as a *service.SettingError.
func Check(config eventlog.Config) error {
	protection := config.Security
	config.Security = security.Config{}
	faults := []error{service.Setting("kafka", config.Validate())}
	for _, fault := range protection.Faults() {
		faults = append(faults, service.Setting("kafka-"+fault.Field, fault.Err))
	}
	return errors.Join(faults...)
}
