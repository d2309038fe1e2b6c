package eventlog_test

import (
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/eventlog/security"
)

// listener is one of a cluster's, for openLog.
type listener []string

func (l listener) Addrs() []string { return l }

const kafkaUser = "atlas"

// reauthentication is how long Kafka takes a SASL connection for its user's; at the first request after that, it breaks the connection.
const reauthentication = 1500 * time.Millisecond

// tokenLifetime is less than a load lasts, so that a token has to be read again.
const tokenLifetime = 2 * time.Second

// TestProtectedKafka reads and writes with every kind of authentication, beyond the lifetime of credentials.
func TestProtectedKafka(t *testing.T) {
	kafka := kafkatest.StartProtected(t, kafkatest.Config{
		Brokers: 1, Properties: map[string]string{"connections.max.reauth.ms": fmt.Sprint(reauthentication.Milliseconds())},
	}, kafkaUser)
	keepRenewing(t, kafka.Issuer)
	for name, protection := range protections(t, kafka) {
		t.Run(name, func(t *testing.T) {
			load := newLoad(t, protectedFixture(t, kafka, protection))
			load.during(t, func() {
				for began := time.Now(); time.Since(began) < 2*reauthentication; {
					load.awaitProgress(t, 10)
				}
			})
		})
	}
	t.Run("refused", func(t *testing.T) { testRefusals(t, kafka) })
	t.Run("a certificate and its authority are renewed", func(t *testing.T) {
		newLoad(t, protectedFixture(t, kafka, protections(t, kafka)["certificate"])).during(t, func() {
			kafka.Authority.Renew(t)
			mustRestart(t, kafka.Cluster, 0)
		})
	})
}

// keepRenewing replaces the user's token until the test ends.
func keepRenewing(t *testing.T, issuer *kafkatest.Issuer) {
	t.Helper()
	var renewing sync.WaitGroup
	t.Cleanup(renewing.Wait) // after the context has ended
	again := time.NewTicker(tokenLifetime / 10)
	renewing.Go(func() {
		defer again.Stop()
		for t.Context().Err() == nil {
			if err := issuer.Renew(kafkaUser, tokenLifetime); err != nil {
				t.Error(err)
			}
			select {
			case <-again.C:
			case <-t.Context().Done():
			}
		}
	})
}

func protections(t *testing.T, kafka *kafkatest.Protected) map[string]security.Config {
	t.Helper()
	certificate, key := kafka.Authority.Issue(t, kafkaUser)
	encrypted := security.Config{TLS: true, CA: kafka.Authority.CA()}
	mutual, plain, sha256, sha512, token := encrypted, encrypted, encrypted, encrypted, encrypted
	mutual.Cert, mutual.Key = certificate, key
	plain.SASL, plain.User, plain.Password = security.Plain, kafkaUser, kafkatest.Password
	sha256.SASL, sha256.User, sha256.Password = security.SCRAMSHA256, kafkaUser, kafkatest.Password
	sha512.SASL, sha512.User, sha512.Password = security.SCRAMSHA512, kafkaUser, kafkatest.Password
	token.SASL, token.TokenFile = security.OAuthBearer, kafka.Issuer.Issue(t, kafkaUser, tokenLifetime)
	return map[string]security.Config{"certificate": mutual, "PLAIN": plain, "SCRAM-SHA-256": sha256, "SCRAM-SHA-512": sha512, "OAUTHBEARER": token}
}

func protectedFixture(t *testing.T, kafka *kafkatest.Protected, protection security.Config) fixture {
	t.Helper()
	return fixture{log: openLog(t, listenerFor(kafka, protection), eventlog.Config{Security: protection}), foreign: foreignClient(t, kafka)}
}

func listenerFor(kafka *kafkatest.Protected, protection security.Config) listener {
	if protection.SASL == security.None {
		return kafka.ListenerAddrs("SSL")
	}
	return kafka.ListenerAddrs("SASL_SSL")
}

// testRefusals wants an operator to read what is wrong.
func testRefusals(t *testing.T, kafka *kafkatest.Protected) {
	known := protections(t, kafka)
	for name, test := range map[string]struct {
		of     string
		change func(*security.Config)
		want   string
	}{
		"no TLS":                          {"PLAIN", func(c *security.Config) { c.TLS, c.CA = false, "" }, "expecting TLS"},
		"another authority's brokers":     {"PLAIN", func(c *security.Config) { c.CA = kafkatest.NewAuthority(t).CA() }, "certificate signed by unknown authority"},
		"another name":                    {"PLAIN", func(c *security.Config) { c.ServerName = "elsewhere" }, "certificate is valid for localhost, broker, not elsewhere"},
		"no certificate":                  {"certificate", func(c *security.Config) { c.Cert, c.Key = "", "" }, "tls: (bad certificate|certificate required)"},
		"another authority's certificate": {"certificate", func(c *security.Config) { c.Cert, c.Key = kafkatest.NewAuthority(t).Issue(t, kafkaUser) }, "tls: unknown certificate"},
		"SASL where there is none":        {"certificate", func(c *security.Config) { c.SASL, c.User, c.Password = security.Plain, kafkaUser, kafkatest.Password }, "Illegal SASL State"},
		"a wrong password":                {"PLAIN", func(c *security.Config) { c.Password = "wrong" }, "Invalid username or password"},
		"a wrong password of SCRAM":       {"SCRAM-SHA-512", func(c *security.Config) { c.Password = "wrong" }, "invalid credentials"},
		"a token that is too old":         {"OAUTHBEARER", func(c *security.Config) { c.TokenFile = kafka.Issuer.Issue(t, "nobody", -time.Hour) }, "refuses the token"},
		"another issuer's token":          {"OAUTHBEARER", func(c *security.Config) { c.TokenFile = kafkatest.NewIssuer(t).Issue(t, kafkaUser, time.Hour) }, "refuses the token"},
	} {
		t.Run(name, func(t *testing.T) {
			protection := known[test.of]
			test.change(&protection)
			log := openLog(t, listenerFor(kafka, known[test.of]), eventlog.Config{Security: protection})
			wanted := regexp.MustCompile(test.want)
			awaitCheck(t, log, func(err error) bool { return err != nil && wanted.MatchString(err.Error()) })
		})
	}
}

// awaitCheck checks a log until the outcome is the wanted one: a busy machine may delay Kafka's own error. It pauses in between, as a broker that is asked for
// one connection after the other gets slower.
func awaitCheck(t *testing.T, log *eventlog.Log, isWanted func(error) bool) {
	t.Helper()
	deadline := within(t, patience)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	var outcomes []error
	for {
		err := log.Check(deadline)
		if isWanted(err) {
			return
		}
		outcomes = append(outcomes, err)
		select {
		case <-again.C:
		case <-deadline.Done():
			t.Fatalf("got %v first and %v at last, of %d outcomes", outcomes[0], err, len(outcomes))
		}
	}
}
