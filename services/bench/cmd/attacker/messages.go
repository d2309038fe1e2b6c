package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"

	"atlasstream/services/bench/internal/payload"
)

// measurement is that of the load.
const measurement = 1

// longAck is nearly as long as a message may be. Nobody waits for it.
var longAck = `437["x"` + strings.Repeat(",1", 49_000) + "]"

// backlogs are asked for and ended again.
var backlogs = []string{
	fmt.Sprintf(`["atlas_subscribe",{"msm":%d,"prb":1,"sendBacklog":true}]`, measurement),
	fmt.Sprintf(`["atlas_unsubscribe",{"msm":%d,"prb":1,"sendBacklog":true}]`, measurement),
}

// differentFields are 250 subscriptions that differ in the members they want. Which of them match is another question with each result.
func differentFields(client int) (subscriptions []string) {
	const count, names, nameLength = 250, 4, 80
	chance := rand.New(rand.NewPCG(1, uint64(client)))
	for n := range count {
		fields := make([]string, names)
		for name := range fields {
			fields[name] = fmt.Sprintf("%d.%d.%s", n, name, strings.Repeat("x", nameLength))
		}
		subscriptions = append(subscriptions, parameters(fields, map[string]any{"turn": chance.Perm(payload.Turns)[:payload.Turns/2]}))
	}
	return subscriptions
}

// members are those of the load's traceroutes.
var members = []string{
	"result.result.from", "result.result.ttl", "result.result.size", "result.result.rtt", "result.result.itos", "result.hop", "msm_id", "prb_id", "af",
	"timestamp", "type",
}

// manyFields is a subscription to most members that there are, other ones for each client, and to as many others as one may name.
func manyFields(client int) []string {
	const most = 100
	var fields []string
	for i, member := range members {
		if client>>i&1 == 0 {
			fields = append(fields, member)
		}
	}
	for name := range most - len(fields) {
		fields = append(fields, fmt.Sprintf("result.result.member%d.of%d", name, client))
	}
	return []string{parameters(fields, nil)}
}

// everything is a subscription to the load.
func everything(int) []string { return []string{fmt.Sprintf(`{"msm":%d}`, measurement)} }

func parameters(fields []string, equalsTo map[string]any) string {
	wanted := map[string]any{"msm": measurement, "acceptedFields": fields}
	if equalsTo != nil {
		wanted["equalsTo"] = equalsTo
	}
	text, err := json.Marshal(wanted)
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return string(text)
}

// failingConditions are a thousand subscriptions, each with a condition that reads all replies of a traceroute and fails.
func failingConditions(int) (subscriptions []string) {
	const count, beyond = 1000, 1_000_000
	for n := range count {
		subscriptions = append(subscriptions, fmt.Sprintf(`{"msm":%d,"greaterTo":{"result.result.rtt":%d}}`, measurement, beyond+n))
	}
	return subscriptions
}

// emptyRecords are 600 kB of records that are none, compressed.
func emptyRecords() ([]byte, error) {
	const count, at = 200_000, 1000
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	for range count / at {
		if _, err := io.WriteString(writer, strings.Repeat("{}\n", at)); err != nil {
			return nil, err
		}
	}
	err := writer.Close()
	return packed.Bytes(), err
}

func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Encoding", "gzip")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
