package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Protected is a cluster whose further listeners authenticate clients: SSL by certificates, SASL_SSL by a password or a token.
type Protected struct {
	*Cluster

	Authority *Authority
	Issuer    *Issuer
}

// Password is that of every user.
const Password = "a password of the tests"

// StartProtected is StartWith for a protected cluster, with users of PLAIN and SCRAM.
func StartProtected(t testing.TB, config Config, users ...string) *Protected {
	t.Helper()
	p := &Protected{Authority: NewAuthority(t), Issuer: NewIssuer(t)}
	config.Listeners = []string{"SSL", "SASL_SSL"}
	config.Users = map[string]string{}
	for _, user := range users {
		config.Users[user] = Password
	}
	config.JVM = append(slices.Clone(DefaultJVM), "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls="+p.keys())
	properties := p.properties(t, users)
	maps.Copy(properties, config.Properties)
	config.Properties = properties
	p.Cluster = StartWith(t, config)
	return p
}

func (p *Protected) keys() string { return "file://" + p.Issuer.keys() }

func (p *Protected) properties(t testing.TB, users []string) map[string]string {
	t.Helper()
	const broker = "broker"
	p.Authority.Issue(t, broker)
	const module = "org.apache.kafka.common.security."
	plain := []string{module + "plain.PlainLoginModule required"}
	for _, user := range users {
		plain = append(plain, fmt.Sprintf("user_%s=%q", user, Password))
	}
	return map[string]string{
		"ssl.keystore.type":                                                     "PEM",
		"ssl.keystore.location":                                                 p.Authority.keystore(broker),
		"ssl.truststore.type":                                                   "PEM",
		"ssl.truststore.location":                                               p.Authority.CA(),
		"listener.name.ssl.ssl.client.auth":                                     "required",
		"sasl.enabled.mechanisms":                                               "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
		"sasl.oauthbearer.expected.issuer":                                      issuerClaim,
		"sasl.oauthbearer.expected.audience":                                    audienceClaim,
		"listener.name.sasl_ssl.plain.sasl.jaas.config":                         strings.Join(plain, " ") + ";",
		"listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config":                 module + "scram.ScramLoginModule required;",
		"listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config":                 module + "scram.ScramLoginModule required;",
		"listener.name.sasl_ssl.oauthbearer.sasl.jaas.config":                   module + "oauthbearer.OAuthBearerLoginModule required;",
		"listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class": module + "oauthbearer.OAuthBearerValidatorCallbackHandler",
		"listener.name.sasl_ssl.oauthbearer.sasl.oauthbearer.jwks.endpoint.url": p.keys(),
		"sasl.oauthbearer.jwks.endpoint.url":                                    p.keys(),
	}
}
