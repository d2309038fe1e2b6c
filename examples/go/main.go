// Command dashboard counts the results of a measurement by probe:
//
//	GATEWAY=http://localhost:8080 TOKEN=… go run ./examples/go MEASUREMENT FILE
//
// The file has the counts and the cursor after them, so no result is lost or counted twice if the gateway or this program restarts.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
)

type dashboard struct {
	Cursor  string
	Total   int
	Results map[int]int // by probe
	file    string
}

func main() {
	if len(os.Args) != 3 {
		exitOn(errors.New("usage: dashboard MEASUREMENT FILE"))
	}
	d := dashboard{Results: map[int]int{}, file: os.Args[2]}
	if text, err := os.ReadFile(d.file); err == nil {
		exitOn(json.Unmarshal(text, &d))
	}
	query := url.Values{"msm": {os.Args[1]}, "acceptedFields": {"prb_id"}, "cursor": {""}, "client": {"example-dashboard"}}
	exitOn((&stream{query: query, cursor: d.Cursor, take: d.count, save: d.save}).follow())
}

func (d *dashboard) count(result json.RawMessage) error {
	var of struct {
		Probe int `json:"prb_id"`
	}
	if err := json.Unmarshal(result, &of); err != nil {
		return err
	}
	d.Results[of.Probe]++
	d.Total++
	return nil
}

// save replaces the file atomically, so that it is complete whenever this program is killed.
func (d *dashboard) save(cursor string) error {
	d.Cursor = cursor
	text, err := json.Marshal(d)
	err = errors.Join(err, os.WriteFile(d.file+".new", text, 0o600), os.Rename(d.file+".new", d.file))
	fmt.Printf("%d results of %d probes\n", d.Total, len(d.Results))
	return err
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
