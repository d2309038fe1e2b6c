package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/catalog"
)

type probesAnswer struct {
	AsOf    asOf       `json:"as_of"`
	ID      []int64    `json:"id"`
	Lat     []*float64 `json:"lat"`
	Lon     []*float64 `json:"lon"`
	Country []*string  `json:"country"`
	ASN     []*int64   `json:"asn"`
	Status  []*int64   `json:"status"`
	Since   []*int64   `json:"since"`
	Event   []int      `json:"event"`
}

type asOf struct {
	Registry    int64 `json:"registry"`
	Connections int64 `json:"connections"`
}

func probesAt(at catalog.ProbesState, probes []catalog.ListedProbe) *probesAnswer {
	answer := &probesAnswer{
		AsOf: asOf{at.Objects, at.Connections}, ID: make([]int64, len(probes)), Lat: make([]*float64, len(probes)), Lon: make([]*float64, len(probes)),
		Country: make([]*string, len(probes)), ASN: make([]*int64, len(probes)), Status: make([]*int64, len(probes)), Since: make([]*int64, len(probes)),
		Event: make([]int, len(probes)),
	}
	for i := range probes {
		answer.set(i, &probes[i])
	}
	return answer
}

func (a *probesAnswer) set(i int, probe *catalog.ListedProbe) {
	a.ID[i] = int64(probe.ID)
	a.Lat[i], a.Lon[i] = toThousandth(probe.Latitude), toThousandth(probe.Longitude)
	a.Country[i], a.ASN[i], a.Status[i] = orNull(probe.Country), orNull(probe.ASN), probe.Status
	if !probe.Since.IsZero() {
		since := probe.Since.Unix()
		a.Since[i] = &since
	}
	if probe.FromEvent {
		a.Event[i] = 1
	}
}

// toThousandth rounds degrees, to 110 m or less: RIPE obfuscates positions by more.
func toThousandth(degrees *float64) *float64 {
	if degrees == nil {
		return nil
	}
	rounded := math.Round(*degrees*1000) / 1000
	return &rounded
}

const (
	// probesInterval is the least time between two encodings of the list: probes connect and disconnect all the time.
	probesInterval = 5 * time.Second
	// probesAge is how old the list may be, as connection events expire.
	probesAge = time.Minute
)

// probesList is the encoded list of all probes.
type probesList struct {
	mu               sync.Mutex
	at               catalog.ProbesState
	written          time.Time
	text, compressed []byte
	etag             string
}

// get returns the list, which may be a little old.
func (p *probesList) get(known *catalog.Catalog) (text, compressed []byte, etag string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, age := known.ProbesState(), time.Since(p.written)
	if age >= probesAge || age >= probesInterval && at != p.at {
		p.write(at, known.Probes())
	}
	return p.text, p.compressed, p.etag
}

func (p *probesList) write(at catalog.ProbesState, probes []catalog.ListedProbe) {
	p.at, p.written = at, time.Now()
	p.text = encode(probesAt(at, probes))
	p.compressed = compress(p.text)
	sum := sha256.Sum256(p.text)
	p.etag = fmt.Sprintf(`W/"%x"`, sum[:8])
}

func (a *API) serveProbes(ctx context.Context, w http.ResponseWriter, r *request) error {
	text, compressed, etag := a.probes.get(a.settings.Catalog)
	if r.Header.Get("If-None-Match") != etag { // otherwise there is nothing to write
		if err := r.payFor(ctx, text); err != nil {
			return err
		}
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-cache") // revalidate with the ETag
	header.Set("ETag", etag)
	header.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		text = compressed
	}
	http.ServeContent(w, r.Request, "", time.Time{}, bytes.NewReader(text))
	return nil
}
