package service

import (
	"runtime/debug"
	"strings"
)

// version is set when an image or a release is built: -ldflags "-X atlasstream/pkg/service.version=v1.2.3".
var version string

// Version tells the version of the program, as far as its build knows it: what it was given, or the revision of the tree; and Go's.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	parts := []string{version}
	if version == "" {
		parts[0] = strings.Trim(info.Main.Version, "()")
	}
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			parts = append(parts, "revision "+setting.Value)
		case setting.Key == "vcs.modified" && setting.Value == "true":
			parts = append(parts, "modified")
		}
	}
	return strings.Join(append(parts, info.GoVersion), ", ")
}
