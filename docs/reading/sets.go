package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// internal is where the packages of the sets are.
const internal = "services/gateway/internal/"

// set is what a newcomer reads to understand one thing: packages, and all that they import but for what is left out, each with the reason.
type set struct {
	name    string
	limit   int // lines
	roots   []string
	leftOut map[string]string
}

const (
	ownSet   = "a set of its own"
	ofLive   = "read for live"
	charging = "who pays for reading is no matter of what is read"
	sealing  = "writes a token as the text that clients keep, which nobody can forge"
	allowed  = "decides what a subscription may get"
	overload = "what subscriptions cost others is no matter of what is delivered"
	framing  = "puts a payload into a WebSocket frame"
	encoding = "makes the bytes of an event, once for all that get the same"
	arrays   = "has records wait to be sent as one array"
	telling  = "what a client is told of a subscription beside its records"
	counting = "counts records for subscriptions that end after so many"
	alone    = "delivers to one target alone what is read"
	pieces   = "remembers records that did not fit in all of their streams"
	forAll   = "one cursor for all subscriptions of a client"
	idle     = "tells clients without records where they are"
	gaps     = "tells clients what is lost to them"
)

var sets = []set{
	{"live", 1600, []string{"protocol", "delivery", "live", "sendqueue"}, map[string]string{
		"subscription": ownSet, "jsonpath": ownSet, "readlimit": charging, "cost": overload, "overload": overload,
		"cursor": "read for replays: delivery hands cursors on", "cursorseal": sealing, "access": allowed,
		"position": "knows what was delivered last, for cursors and lags", "checkpoint": forAll,
		"encode": encoding, "batch": arrays, "notice": telling, "recordlimit": counting, "partialdelivery": pieces,
		"backpressure": "waits for clients where there is no log to read later",
		"wsframe":      framing, "queuebudget": "bounds the queues of many clients together", "socketwrite": "the system calls of one write",
	}},
	{"replays", 1600, []string{"replay", "cursor"}, map[string]string{
		"subscription": ownSet, "jsonpath": ownSet, "readlimit": charging, "cursorseal": sealing, "access": allowed,
		"answerscan": "samples the log", "logstart": "refuses a start before all records", "reorder": "gives records by event time",
		"speedlimit": "how fast a replay may be", "recordlimit": counting, "onetarget": alone,
		"protocol": ofLive, "delivery": ofLive, "sendqueue": ofLive, "live": ofLive, "wsframe": framing,
	}},
	{"resuming", 1600, []string{"cursor", "resume", "catchup"}, map[string]string{
		"subscription": ownSet, "jsonpath": ownSet, "readlimit": charging, "cost": overload, "cursorseal": sealing, "access": allowed,
		"encode": encoding, "batch": arrays, "notice": telling, "cursorevent": idle, "gap": gaps, "onetarget": alone,
		"checkpoint": "what resume does for delivery, as an interface",
		"protocol":   ofLive, "delivery": ofLive, "sendqueue": ofLive, "live": ofLive, "wsframe": framing,
	}},
	{"subscriptions", 2300, []string{"subscription", "jsonpath"}, map[string]string{
		"condition": "whether a record's value fulfils a condition", "scalar": "compares numbers and texts", "parameter": "reads single values as clients write them",
		"protocol": ofLive, "cursor": "a parameter; read for replays",
	}},
}

// reads gives the packages of a set, by following the imports of its roots.
func (s set) reads(packages map[string]*pkg) (all []string) {
	seen := map[string]bool{}
	var follow func(name string)
	follow = func(name string) {
		found := packages[internal+name]
		if seen[name] || found == nil || s.leftOut[name] != "" {
			return
		}
		seen[name] = true
		for _, imported := range found.imports {
			if below, is := strings.CutPrefix(imported, "atlasstream/"+internal); is {
				follow(below)
			}
		}
	}
	for _, root := range s.roots {
		follow(root)
	}
	return slices.Sorted(maps.Keys(seen))
}

// printSets returns an error if a set has too many lines.
func printSets(packages map[string]*pkg) (err error) {
	for _, set := range sets {
		total := 0
		var parts []string
		for _, name := range set.reads(packages) {
			lines := packages[internal+name].lines()
			total += lines
			parts = append(parts, fmt.Sprintf("%s %d", name, lines))
		}
		verdict := "ok"
		if total > set.limit {
			verdict = "TOO MUCH"
			err = errors.Join(err, fmt.Errorf("the set %s has %d lines, and may have %d", set.name, total, set.limit))
		}
		fmt.Printf("%-14s %5d of %d lines, %s: %s\n", set.name, total, set.limit, verdict, strings.Join(parts, ", "))
		for _, root := range set.roots {
			if packages[internal+root] == nil {
				fmt.Printf("%-14s has no package %s yet\n", "", root)
			}
		}
		fmt.Printf("%-14s without %s\n", "", strings.Join(set.without(packages), "; "))
	}
	return err
}

func (s set) without(packages map[string]*pkg) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(s.leftOut)) {
		if packages[internal+name] != nil {
			all = append(all, fmt.Sprintf("%s (%s)", name, s.leftOut[name]))
		}
	}
	return all
}
