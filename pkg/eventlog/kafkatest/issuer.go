package kafkatest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"path/filepath"
	"testing"
	"time"
)

// The claims of every token.
const (
	issuerClaim   = "https://issuer.test"
	audienceClaim = "kafka"
)

// Issuer signs the tokens of OAUTHBEARER.
type Issuer struct {
	dir string
	key *rsa.PrivateKey
}

// NewIssuer returns an issuer with a key of its own.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{dir: t.TempDir(), key: key}
	keys, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, i.keys(), keys)
	return i
}

// keys is the file with the JSON Web Key Set by which brokers check tokens.
func (i *Issuer) keys() string { return filepath.Join(i.dir, "keys.json") }

// Issue writes a token for a user into a file, which it replaces.
func (i *Issuer) Issue(t testing.TB, subject string, lifetime time.Duration) (file string) {
	t.Helper()
	if err := i.Renew(subject, lifetime); err != nil {
		t.Fatal(err)
	}
	return i.file(subject)
}

// Renew is Issue for any goroutine.
func (i *Issuer) Renew(subject string, lifetime time.Duration) error {
	now := time.Now()
	header, err := encode(map[string]any{"alg": "RS256", "kid": "1"})
	if err != nil {
		return err
	}
	claims, err := encode(map[string]any{"iss": issuerClaim, "aud": audienceClaim, "sub": subject, "iat": now.Unix(), "exp": now.Add(lifetime).Unix()})
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(header + "." + claims))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, digest[:])
	if err != nil {
		return err
	}
	return replace(i.file(subject), []byte(header+"."+claims+"."+base64.RawURLEncoding.EncodeToString(signature)))
}

func (i *Issuer) file(subject string) string { return filepath.Join(i.dir, subject+".jwt") }

func encode(part map[string]any) (string, error) {
	text, err := json.Marshal(part)
	return base64.RawURLEncoding.EncodeToString(text), err
}
