package service

import (
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// These are set when an image or a release is built, from a tree without its repository: -ldflags "-X atlasstream/pkg/service.version=v1.2.3".
var version, revision string

// build is what the program knows of how it was built.
type build struct {
	version   string // what the build was given, or the version of the main module
	revision  string // of the tree; "" where the build did not see a repository
	modified  bool   // the tree had changes that were not committed
	goVersion string
}

func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{version: version, revision: revision}
	}
	b := build{version: version, revision: revision, goVersion: info.GoVersion}
	if b.version == "" {
		b.version = strings.Trim(info.Main.Version, "()")
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.revision = setting.Value
		case "vcs.modified":
			b.modified = setting.Value == "true"
		}
	}
	return b
}

// Version tells the version of the program, as far as its build knows it: what it was given, or the revision of the tree; and Go's.
func Version() string { return readBuild().String() }

func (b build) String() string {
	var parts []string
	if b.version != "" {
		parts = append(parts, b.version)
	}
	if b.revision != "" {
		parts = append(parts, "revision "+b.revision)
	}
	if b.modified {
		parts = append(parts, "modified")
	}
	if b.goVersion != "" {
		parts = append(parts, b.goVersion)
	}
	if len(parts) == 0 {
		return "unknown"
	}
	return strings.Join(parts, ", ")
}

// newBuildInfo is a gauge that is always 1 and whose labels say which build runs, so that a query can join them to any other metric of the process.
func newBuildInfo(b build) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "atlas_build_info",
		Help:        "Always 1; the labels say which version runs, of which revision, built with which Go.",
		ConstLabels: prometheus.Labels{"version": b.version, "revision": b.revision, "goversion": b.goVersion},
	})
	info.Set(1)
	return info
}
