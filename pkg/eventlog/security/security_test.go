package security

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	folder := t.TempDir()
	nothing, secret := filepath.Join(folder, "nothing"), filepath.Join(folder, "secret")
	for file, text := range map[string]string{nothing: " \n", secret: "s3cret\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing":                   {Config{}, nil},
		"TLS":                       {Config{TLS: true, ServerName: "kafka"}, nil},
		"an authority without TLS":  {Config{CA: secret}, []string{"ca: means nothing without tls"}},
		"no authority in the file":  {Config{TLS: true, CA: secret}, []string{"ca: " + secret + " has no certificate"}},
		"no such file":              {Config{TLS: true, CA: "/nowhere"}, []string{"ca: open /nowhere"}},
		"a certificate without key": {Config{TLS: true, Cert: secret}, []string{"cert: want a certificate and its key"}},
		"no certificate":            {Config{TLS: true, Cert: secret, Key: secret}, []string{"cert: tls: failed to find any PEM data"}},
		"an unknown mechanism":      {Config{SASL: "gssapi"}, []string{`sasl: got "gssapi", want plain`}},
		"a password":                {Config{SASL: Plain, User: "me", Password: "x"}, nil},
		"a password in a file":      {Config{SASL: SCRAMSHA512, User: "me", PasswordFile: secret}, nil},
		"two passwords":             {Config{SASL: SCRAMSHA256, User: "me", Password: "x", PasswordFile: secret}, []string{"password: scram-sha-256 wants one"}},
		"nobody":                    {Config{SASL: Plain}, []string{"user: got none", "password: plain wants one"}},
		"an empty password":         {Config{SASL: Plain, User: "me", PasswordFile: nothing}, []string{"password-file: " + nothing + " is empty"}},
		"a password for nothing":    {Config{User: "me", Password: "x"}, []string{"user: means nothing without sasl", "password: means nothing without sasl"}},
		"a token":                   {Config{SASL: OAuthBearer, TokenFile: secret}, nil},
		"no token":                  {Config{SASL: OAuthBearer}, []string{"token-file: got none"}},
		"a token and a user":        {Config{SASL: OAuthBearer, TokenFile: secret, User: "me"}, []string{"user: means nothing without sasl plain or scram"}},
		"a user with a token":       {Config{SASL: Plain, User: "me", Password: "x", TokenFile: secret}, []string{"token-file: means nothing without sasl oauthbearer"}},
	} {
		t.Run(name, func(t *testing.T) {
			faults := test.config.Faults()
			if len(faults) != len(test.want) {
				t.Fatalf("got %v, want %v", faults, test.want)
			}
			for i, fault := range faults {
				if !strings.HasPrefix(fault.Error(), test.want[i]) {
					t.Errorf("got %v, want %v", fault, test.want[i])
				}
			}
		})
	}
}
