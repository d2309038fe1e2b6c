package pages

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

const (
	ugandanNetwork = 20294
	germanNetwork  = 3320
)

// A user watches probes connect and disconnect, is notified of an outage, and opens it.
func TestPagesShowProbes(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.Brokers["embedded"](t))
	cluster.MustPut(t, "/v1/probes", registeredProbes(time.Now().Add(-10*time.Minute)))
	cluster.MustPostConnections(t, germanNetwork, "disconnect", 31, 32)
	usePages(t, "probes", cluster, map[string]func(json.RawMessage) any{
		"lose": func(json.RawMessage) any {
			return cluster.MustPostConnections(t, ugandanNetwork, "disconnect", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12).Unix()
		},
		"return": func(json.RawMessage) any {
			return cluster.MustPostConnections(t, ugandanNetwork, "connect", 1, 2, 3, 4).Unix()
		},
	})
}

// registeredProbes are 13 in Uganda, 20 in Germany, one of them abandoned, and one whose country is a hostile text.
func registeredProbes(since time.Time) []byte {
	var body bytes.Buffer
	for id := 1; id <= 34; id++ {
		country, network, status := "UG", ugandanNetwork, 1
		if id > 13 {
			country, network = "DE", germanNetwork
		}
		if id == 33 {
			status = 3
		}
		if id == 34 {
			country = "<img src=x onerror=alert(1)>\u202e"
		}
		body.Write(sample.JSON(map[string]any{
			"id": id, "country_code": country, "asn_v4": network,
			"geometry": map[string]any{"type": "Point", "coordinates": []float64{30 + float64(id)/10, 1}},
			"status":   map[string]any{"id": status, "name": "x", "since": since.UTC().Format(time.RFC3339)},
		}))
		body.WriteByte('\n')
	}
	return body.Bytes()
}
