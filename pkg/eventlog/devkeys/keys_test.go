package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/eventlog/security"
)

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Keys are marked, differ from folder to folder, and stay: what Kafka has was made with them.
func TestKeysAreMarkedAndStay(t *testing.T) {
	folder, other := t.TempDir(), t.TempDir()
	for range 2 {
		if err := run(t.Context(), []string{folder}); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), []string{other}); err != nil {
			t.Fatal(err)
		}
	}
	secrets := map[string]bool{}
	for _, file := range []string{peerKeyFile, passwordFile("collector"), passwordFile("gateway")} {
		secret, again := string(read(t, folder, file)), string(read(t, other, file))
		if !strings.HasPrefix(secret, mark) || secrets[secret] || secret == again {
			t.Errorf("%s is %q, and %q in another folder", file, secret, again)
		}
		secrets[secret] = true
	}
	certificate, err := tls.X509KeyPair(read(t, folder, brokersFile), read(t, folder, brokersFile))
	if err != nil || !strings.HasPrefix(certificate.Leaf.Issuer.CommonName, mark) || certificate.Leaf.Subject.CommonName != kafkaName {
		t.Errorf("the certificate is of %v: %v", certificate.Leaf.Subject, err)
	}
	for _, of := range append([]string{kafkaFolder}, users...) {
		if block, rest := pem.Decode(read(t, folder, caFile(of))); block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			t.Error("the key of the CA was kept")
		}
	}
	before := read(t, folder, brokersFile)
	if err := makeKeys(folder); err != nil || !bytes.Equal(read(t, folder, brokersFile), before) {
		t.Errorf("the keys were replaced: %v", err)
	}
}

// If one of the volumes is gone, all keys are made again, as they are to fit together.
func TestKeysAreMadeAgainIfSomeAreGone(t *testing.T) {
	folder := t.TempDir()
	if err := makeKeys(folder); err != nil {
		t.Fatal(err)
	}
	before := read(t, folder, brokersFile)
	if err := os.RemoveAll(filepath.Join(folder, "collector")); err != nil {
		t.Fatal(err)
	}
	if err := makeKeys(folder); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(read(t, folder, brokersFile), before) || !bytes.Equal(read(t, folder, caFile("collector")), read(t, folder, brokersCAFile)) {
		t.Error("the keys do not fit together")
	}
}

// The users have their passwords and the rights that the README says, in a Kafka whose brokers know each other by the certificate.
func TestKafkaKnowsTheUsers(t *testing.T) {
	folder := t.TempDir()
	if err := makeKeys(folder); err != nil {
		t.Fatal(err)
	}
	kafka := kafkatest.StartWith(t, kafkatest.Config{Brokers: 1, Listeners: []string{"SSL", "SASL_SSL"}, Properties: map[string]string{
		"authorizer.class.name":                                 kafkatest.Authorizer["authorizer.class.name"],
		"super.users":                                           "User:ANONYMOUS;User:CN=" + kafkaName,
		"ssl.keystore.type":                                     "PEM",
		"ssl.keystore.location":                                 filepath.Join(folder, brokersFile),
		"ssl.truststore.type":                                   "PEM",
		"ssl.truststore.location":                               filepath.Join(folder, brokersCAFile),
		"listener.name.ssl.ssl.client.auth":                     "required",
		"sasl.enabled.mechanisms":                               "SCRAM-SHA-512",
		"listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
	}})
	if err := run(t.Context(), []string{folder, strings.Join(kafka.ListenerAddrs("SSL"), ",")}); err != nil {
		t.Fatal(err)
	}
	if err := publish(t, kafka, folder, "collector"); err != nil {
		t.Errorf("the collector cannot publish: %v", err)
	}
	if err := publish(t, kafka, folder, "gateway"); err == nil {
		t.Error("the gateway can publish")
	}
}

// publish makes the topic, unless it is there, and appends a result as a user.
func publish(t *testing.T, kafka *kafkatest.Cluster, folder, user string) error {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{
		Brokers: kafka.ListenerAddrs("SASL_SSL"), Topics: []string{eventlog.ResultsTopic},
		Security: security.Config{
			TLS: true, CA: filepath.Join(folder, caFile(user)),
			SASL: security.SCRAMSHA512, User: user, PasswordFile: filepath.Join(folder, passwordFile(user)),
		},
	}, zaptest.NewLogger(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := log.EnsureTopics(ctx, eventlog.ResultsSpec(1)); err != nil {
		return err
	}
	result, err := atlas.ParseResult([]byte(`{"msm_id":1001,"prb_id":1,"timestamp":1787541897,"type":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	writer := log.Writer(eventlog.WriterConfig{})
	defer writer.Close(ctx)
	return writer.Append(ctx, eventlog.ResultsTopic, []atlas.Event{result})
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	for _, arguments := range [][]string{nil, {"a", "b", "c"}, {filepath.Join(t.TempDir(), "missing")}} {
		if err := run(t.Context(), arguments); err == nil {
			t.Errorf("%v was taken", arguments)
		}
	}
}
