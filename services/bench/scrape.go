package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads a server's metrics.
func (r *running) scrape(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	response, err := get(ctx, "http://"+r.admin+"/metrics")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: got status %s", response.Status)
	}
	return readMetrics(response.Body)
}

func readMetrics(text io.Reader) (map[string]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(text)
}

// fetches is how many requests for records Kafka has answered.
func (r *running) fetches(ctx context.Context) (count float64, err error) {
	families, err := r.scrape(ctx)
	if err != nil {
		return 0, err
	}
	found := false
	for _, metric := range families["atlas_eventlog_request_seconds"].GetMetric() {
		for _, label := range metric.GetLabel() {
			if label.GetName() == "api" && label.GetValue() == "Fetch" {
				count += float64(metric.GetHistogram().GetSampleCount())
				found = true
			}
		}
	}
	if !found {
		return 0, errors.New("metrics: there is no count of fetches")
	}
	return count, nil
}

// sumOf adds up a gauge over all its labels. There is none before its first value.
func (r *running) sumOf(ctx context.Context, gauge string) (sum float64, err error) {
	families, err := r.scrape(ctx)
	if err != nil {
		return 0, err
	}
	family := families[gauge]
	if family == nil {
		return 0, fmt.Errorf("metrics: there is no %s", gauge)
	}
	for _, metric := range family.GetMetric() {
		sum += metric.GetGauge().GetValue()
	}
	return sum, nil
}
