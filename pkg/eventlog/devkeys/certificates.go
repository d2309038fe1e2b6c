package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"time"
)

// kafkaName is in the certificate of the brokers; "User:CN=" and this are Kafka's super user.
const kafkaName = mark + "kafka"

// brokers are the host names of the brokers in docker-compose.yml.
var brokers = []string{"kafka-1", "kafka-2", "kafka-3", "localhost"}

// validity is long enough for a trial.
const validity = 90 * 24 * time.Hour

// certificates are PEM files.
type certificates struct {
	ca    []byte
	kafka []byte // the key, and after it the certificate, as Kafka wants them
}

// newCertificates makes a CA, whose key is not kept, and a certificate for all brokers, by which they also know each other.
func newCertificates() (made certificates, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return made, err
	}
	ca := template(mark + "ca")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return made, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return made, err
	}
	kafka := template(kafkaName)
	kafka.KeyUsage, kafka.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	kafka.DNSNames, kafka.IPAddresses = brokers, []net.IP{net.IPv4(127, 0, 0, 1)}
	kafkaDER, err := x509.CreateCertificate(rand.Reader, kafka, ca, key.Public(), caKey)
	if err != nil {
		return made, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	return certificates{ca: block("CERTIFICATE", caDER), kafka: slices.Concat(block("PRIVATE KEY", keyDER), block("CERTIFICATE", kafkaDER))}, err
}

func template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // never fails
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(validity),
	}
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
