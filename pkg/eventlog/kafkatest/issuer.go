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

// NewIssuer makes an issuer with a key of its own.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{dir: t.TempDir(), key: key}
	replaceFile(t, i.keys(), encode(t, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}}))
	return i
}

// keys is the file with the JSON Web Key Set that brokers check tokens with.
func (i *Issuer) keys() string { return filepath.Join(i.dir, "keys.json") }

// Issue writes a token for somebody into a file, which it replaces.
func (i *Issuer) Issue(t testing.TB, subject string, lifetime time.Duration) (file string) {
	t.Helper()
	now := time.Now()
	signed := part(t, map[string]any{"alg": "RS256", "kid": "1"}) + "." + part(t, map[string]any{
		"iss": issuerClaim, "aud": audienceClaim, "sub": subject, "iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	})
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(i.dir, subject+".jwt")
	replaceFile(t, file, []byte(signed+"."+base64.RawURLEncoding.EncodeToString(signature)))
	return file
}

func part(t testing.TB, claims map[string]any) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString(encode(t, claims))
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
