package sources

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/reload/reloadtest"
	"atlasstream/services/collector/internal/publish"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const both = `[{"name":"ams","token":"` + secret + `","rights":["results"]},{"name":"lab","certificate":"lab.example","rights":["results"]}]`

func verified(certificate x509.Certificate) *tls.ConnectionState {
	return &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{&certificate}}}
}

func TestSourcesAreToldApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.json")
	reloadtest.Write(t, path, both)
	known, err := Open(path, true, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	lab, uri := pkix.Name{CommonName: "lab.example"}, url.URL{Scheme: "spiffe", Host: "lab"}
	for name, test := range map[string]struct {
		authorization string
		state         *tls.ConnectionState
		want, fault   string
	}{
		"token":                         {"Bearer " + secret, nil, "ams", ""},
		"unknown token":                 {"Bearer " + secret + "x", nil, "", "the token is that of no source"},
		"empty token":                   {"Bearer ", nil, "", "the token is that of no source"},
		"nothing":                       {"", nil, "", "want the header Authorization: Bearer TOKEN, or a client certificate"},
		"another scheme":                {"Basic " + secret, nil, "", "got neither"},
		"common name":                   {"", verified(x509.Certificate{Subject: lab}), "lab", ""},
		"alternative name":              {"", verified(x509.Certificate{DNSNames: []string{"x", "lab.example"}}), "lab", ""},
		"common name beside another":    {"", verified(x509.Certificate{Subject: lab, URIs: []*url.URL{&uri}}), "", "the certificate of spiffe://lab is that of no source"},
		"certificate not verified":      {"", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Subject: lab}}}, "", "got neither"},
		"a certificate without a name":  {"", verified(x509.Certificate{}), "", "got neither"},
		"token and certificate":         {"Bearer " + secret, verified(x509.Certificate{Subject: lab}), "ams", ""},
		"wrong token, good certificate": {"Bearer x", verified(x509.Certificate{Subject: lab}), "", "the token is that of no source"},
	} {
		source, err := known.Find(CredentialsOf(test.authorization, test.state))
		switch {
		case test.fault != "":
			if err == nil || !strings.Contains(err.Error(), test.fault) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: got %v", name, err)
			}
		case err != nil || source.Name != test.want:
			t.Errorf("%s: got %+v, %v", name, source, err)
		}
	}
	open, err := Open("", false, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if source, err := open.Find(Credentials{}); err != nil || source.CheckRight(publish.Probes.Topic) != nil {
		t.Errorf("without a file: got %+v, %v", source, err)
	}
}

// watch opens a file in a bubble of synctest, and watches it until stop is called.
func watch(t *testing.T, path, content string) (known *Sources, stop func()) {
	t.Helper()
	reloadtest.Write(t, path, content)
	known, err := Open(path, true, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() { known.Watch(ctx); close(watched) }()
	return known, func() { cancel(); <-watched }
}

// replace replaces a file that is watched, and returns a minute later, when it has been read.
func replace(t *testing.T, path, content string) {
	t.Helper()
	time.Sleep(time.Second) // for another time of the file
	reloadtest.Write(t, path, content)
	time.Sleep(time.Minute - time.Second)
	synctest.Wait()
}

// The series of a source that is gone are gone too, as names come and go.
func TestSourcesThatAreGoneAreForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.json")
	synctest.Test(t, func(t *testing.T) {
		known, stop := watch(t, path, both)
		defer stop()
		ofNobody := testutil.CollectAndCount(known.metrics.refusals)
		known.Refused("ams", ReasonRate)
		known.Refused("lab", ReasonRate)
		known.Refused("", ReasonUnknown)
		replace(t, path, strings.Replace(both, `"ams"`, `"fra"`, 1))
		if series := testutil.CollectAndCount(known.metrics.refusals) - ofNobody; series != 1 {
			t.Errorf("there are %d series of sources, want that of one that stayed", series)
		}
		if source, err := known.Find(CredentialsOf("Bearer "+secret, nil)); err != nil || source.Name != "fra" {
			t.Errorf("got %+v, %v", source, err)
		}
	})
}

// A file that changes gives no source its whole rate again; one that has a fault changes nothing.
//
//notices:rate-forgotten
func TestRatesOutlastTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.json")
	limited := strings.Replace(both, `"name":"ams"`, `"name":"ams","records_per_second":10`, 1)
	synctest.Test(t, func(t *testing.T) {
		known, stop := watch(t, path, limited)
		defer stop()
		assertRetry := func(want time.Duration) {
			t.Helper()
			source, err := known.Find(CredentialsOf("Bearer "+secret, nil))
			if err != nil {
				t.Fatal(err)
			}
			if retry, err := source.Wait(t.Context(), 36_000, 0, 0); err != nil || retry.Round(time.Minute) != want {
				t.Errorf("got %s, %v; want about %s", retry, err, want)
			}
		}
		assertRetry(0)
		assertRetry(time.Hour)
		for _, content := range []string{"[", strings.Replace(limited, `"lab"`, `"fra"`, 1)} {
			replace(t, path, content)
		}
		assertRetry(58 * time.Minute)
		replace(t, path, strings.Replace(limited, `:10,`, `:20,`, 1)) // what was sent is paid at twice the rate
		assertRetry(28 * time.Minute)
		replace(t, path, strings.Replace(limited, `:10,`, `:5,`, 1)) // as if it had not been sent so fast
		assertRetry(27 * time.Minute)
		time.Sleep(28 * time.Minute)
		assertRetry(0)
		assertRetry(2 * time.Hour)
		replace(t, path, both) // without a rate
		assertRetry(0)
		assertRetry(0)
	})
}

//notices:source-without-right
func TestRights(t *testing.T) {
	source := &Source{Name: "ams", rights: []right{rightResults}}
	if err := source.CheckRight(publish.Results.Topic); err != nil {
		t.Error(err)
	}
	for _, to := range []publish.Destination{publish.ProbeStatus, publish.Probes, publish.Measurements} {
		if err := source.CheckRight(to.Topic); err == nil || !strings.Contains(err.Error(), `source "ams" may not send here: want the right `) {
			t.Errorf("%s: got %v", to.Topic, err)
		}
	}
}

//notices:source-sends-for-others
func TestOnlyOwnRecords(t *testing.T) {
	const (
		results     = `{"msm_id":1001,"prb_id":7,"timestamp":1,"type":"ping"}`
		event       = `{"type":"connection","event":"connect","prb_id":7,"timestamp":1}`
		probe       = `{"id":7}`
		measurement = `{"id":1001}`
	)
	for _, test := range []struct {
		name                 string
		measurements, probes ids
		refused              string // the kinds that are, by their first letter
	}{
		{"all", nil, nil, ""},
		{"own", idsOf([]int64{1001}), idsOf([]int64{7}), ""},
		{"own measurement", idsOf([]int64{1001}), nil, "p"},
		{"own probe", nil, idsOf([]int64{7}), "m"},
		{"another measurement", idsOf([]int64{1002}), idsOf([]int64{7}), "rm"},
		{"another probe", idsOf([]int64{1001}), idsOf([]int64{8}), "rep"},
	} {
		source := &Source{Name: "lab", measurements: test.measurements, probes: test.probes}
		for _, sent := range []struct {
			kind, record string
			to           publish.Destination
		}{{"r", results, publish.Results}, {"e", event, publish.ProbeStatus}, {"p", probe, publish.Probes}, {"m", measurement, publish.Measurements}} {
			var err error
			to := source.Restrict(sent.to)
			if to.Event != nil {
				_, err = to.Event([]byte(sent.record))
			} else {
				_, err = to.Object([]byte(sent.record))
			}
			if refused := strings.Contains(test.refused, sent.kind); refused != (err != nil) || err != nil && !strings.Contains(err.Error(), `of source "lab"`) {
				t.Errorf("%s: %s: got %v", test.name, sent.record, err)
			}
		}
	}
	if _, err := (&Source{probes: idsOf([]int64{7})}).Restrict(publish.Results).Event([]byte(`{}`)); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a record that is not valid: got %v", err)
	}
}

// In the long run a source sends at its rate, whatever the size of its batches; what it may not yet send, it is told when to.
func TestRates(t *testing.T) {
	for name, source := range map[string]*Source{
		"records": {rates: &rates{records: pace{perSecond: 100}}},
		"bytes":   {rates: &rates{bytes: pace{perSecond: 1000}}},
		"both":    {rates: &rates{records: pace{perSecond: 100}, bytes: pace{perSecond: 10_000}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, sent := time.Now(), 0
			for time.Since(began) < time.Hour {
				retry, err := source.Wait(t.Context(), 4000, 40_000, 5*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if retry == 0 {
					sent += 4000
				}
				time.Sleep(retry)
			}
			if ideal := 100 * 3600; sent < ideal || sent > ideal+2*4000 {
				t.Errorf("%s: sent %d records in an hour, want about %d", name, sent, ideal)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		source := &Source{rates: &rates{records: pace{perSecond: 1}}}
		if retry, err := source.Wait(t.Context(), 3, 0, 0); retry != 0 || err != nil {
			t.Errorf("the first batch: %s, %v", retry, err)
		}
		if retry, err := source.Wait(t.Context(), 1, 0, time.Second); retry != 2*time.Second || err != nil {
			t.Errorf("too early: %s, %v", retry, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := source.Wait(ctx, 1, 0, time.Minute); err == nil {
			t.Error("waited for a client that is gone")
		}
		began := time.Now()
		if retry, err := Everybody.Wait(t.Context(), 1<<40, 1<<40, 0); retry != 0 || err != nil || time.Since(began) != 0 {
			t.Errorf("without a rate: %s, %v", retry, err)
		}
	})
}
