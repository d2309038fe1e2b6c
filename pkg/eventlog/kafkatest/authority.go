package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Authority issues certificates of brokers and clients on this machine.
type Authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	issued      []string // names
}

// NewAuthority returns a new authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{dir: t.TempDir()}
	a.begin(t)
	return a
}

// Renew replaces the authority's own certificate and, in their files, all that it has issued. The former ones become invalid.
func (a *Authority) Renew(t testing.TB) {
	t.Helper()
	a.begin(t)
	for _, name := range a.issued {
		a.write(t, name)
	}
}

func (a *Authority) begin(t testing.TB) {
	t.Helper()
	a.key = newKey(t)
	a.certificate = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	replaceFile(t, a.CA(), block("CERTIFICATE", a.sign(t, a.certificate, a.key)))
}

// CA is the file with the authority's certificate.
func (a *Authority) CA() string { return filepath.Join(a.dir, "ca.pem") }

// Issue writes a certificate and its key into files that are named after its subject. It is valid for clients, and for servers at 127.0.0.1, the name and
// localhost.
func (a *Authority) Issue(t testing.TB, name string) (certificate, key string) {
	t.Helper()
	a.issued = append(a.issued, name)
	a.write(t, name)
	return a.file(name, ".pem"), a.file(name, "-key.pem")
}

// keystore is the file with the key and the certificate of a name, in the order that brokers require.
func (a *Authority) keystore(name string) string { return a.file(name, "-keystore.pem") }

func (a *Authority) file(name, kind string) string { return filepath.Join(a.dir, name+kind) }

func (a *Authority) write(t testing.TB, name string) {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	issued := newKey(t)
	private, err := x509.MarshalPKCS8PrivateKey(issued)
	if err != nil {
		t.Fatal(err)
	}
	certificate := block("CERTIFICATE", a.sign(t, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost", name},
	}, issued))
	key := block("PRIVATE KEY", private)
	replaceFile(t, a.file(name, ".pem"), certificate)
	replaceFile(t, a.file(name, "-key.pem"), key)
	replaceFile(t, a.keystore(name), slices.Concat(key, certificate))
}

func (a *Authority) sign(t testing.TB, certificate *x509.Certificate, key *ecdsa.PrivateKey) (der []byte) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, certificate, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// replaceFile replaces a file atomically, as tools that renew certificates do.
func replaceFile(t testing.TB, file string, text []byte) {
	t.Helper()
	if err := replace(file, text); err != nil {
		t.Fatal(err)
	}
}

func replace(file string, text []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "new-")
	if err != nil {
		return err
	}
	_, err = temporary.Write(text)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}
