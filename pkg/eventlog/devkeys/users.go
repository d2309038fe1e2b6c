package main

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	iterations    = 8192 // of SCRAM; Kafka takes 4096 to 16384
	retryInterval = time.Second
)

// rights are those that the README gives, on topics whose names begin with the prefix.
var rights = map[string][]kafka.ACLOperationType{
	"collector": {kafka.ACLOperationTypeRead, kafka.ACLOperationTypeWrite, kafka.ACLOperationTypeCreate, kafka.ACLOperationTypeDescribeConfigs},
	"gateway":   {kafka.ACLOperationTypeRead},
}

const topicPrefix = "atlas."

// tellUsers tells Kafka of all users, as soon as every broker is there: who begins before would make topics with too few replicas.
func tellUsers(ctx context.Context, folder string, addresses []string) error {
	client, err := connect(folder, addresses)
	if err != nil {
		return err
	}
	defer client.Transport.(*kafka.Transport).CloseIdleConnections()
	for told := false; ; {
		err := tell(ctx, client, folder, len(addresses))
		if err == nil {
			fmt.Printf("Kafka knows the users %v\n", users)
			return nil
		}
		if !told {
			told = true
			fmt.Println("waiting for Kafka:", err)
		}
		select {
		case <-time.After(retryInterval):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// connect prepares a client that has the brokers' own certificate.
func connect(folder string, addresses []string) (*kafka.Client, error) {
	ca, err := os.ReadFile(filepath.Join(folder, brokersCAFile)) //nolint:gosec // the folder is the operator's argument
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	file := filepath.Join(folder, brokersFile)
	certificate, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{certificate}}
	return &kafka.Client{Addr: kafka.TCP(addresses...), Transport: &kafka.Transport{TLS: settings}}, nil
}

func tell(ctx context.Context, client *kafka.Client, folder string, count int) error {
	cluster, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return err
	}
	if len(cluster.Brokers) < count {
		return fmt.Errorf("there are %d brokers, want %d", len(cluster.Brokers), count)
	}
	credentials, err := scramCredentials(folder)
	if err != nil {
		return err
	}
	altered, err := client.AlterUserScramCredentials(ctx, &kafka.AlterUserScramCredentialsRequest{Upsertions: credentials})
	if err != nil {
		return err
	}
	for _, result := range altered.Results {
		if result.Error != nil {
			return fmt.Errorf("user %s: %w", result.User, result.Error)
		}
	}
	created, err := client.CreateACLs(ctx, &kafka.CreateACLsRequest{ACLs: acls()})
	if err != nil {
		return err
	}
	return errors.Join(created.Errors...)
}

func scramCredentials(folder string) (all []kafka.UserScramCredentialsUpsertion, err error) {
	for _, user := range users {
		password, err := os.ReadFile(filepath.Join(folder, passwordFile(user))) //nolint:gosec // likewise
		if err != nil {
			return nil, err
		}
		salt := make([]byte, sha512.Size)
		_, _ = rand.Read(salt) // never fails
		salted, err := pbkdf2.Key(sha512.New, string(bytes.TrimSpace(password)), salt, iterations, sha512.Size)
		if err != nil {
			return nil, err
		}
		all = append(all, kafka.UserScramCredentialsUpsertion{
			Name: user, Mechanism: kafka.ScramMechanismSha512, Iterations: iterations, Salt: salt, SaltedPassword: salted,
		})
	}
	return all, nil
}

func acls() (all []kafka.ACLEntry) {
	for _, user := range users {
		for _, operation := range rights[user] {
			all = append(all, kafka.ACLEntry{
				ResourceType: kafka.ResourceTypeTopic, ResourceName: topicPrefix, ResourcePatternType: kafka.PatternTypePrefixed,
				Principal: "User:" + user, Host: "*", Operation: operation, PermissionType: kafka.ACLPermissionTypeAllow,
			})
		}
	}
	return all
}
