// Package service is what every program needs around its own work: settings, a log, the admin port, HTTP with limits, and an orderly stop.
//
//   - main.go: Main, which parses the command line and the environment, and runs a command until a signal
//   - setting.go, defaults.go: faults, ranges and defaults of settings
//   - commandline.go: help and errors that name flags and variables
//   - variables.go, variables.txt: the environment variables of all programs
//   - logging.go: the log, with repeated warnings counted
//   - version.go: the version of the build
//   - memory.go: the limit of memory, by the container
//   - http.go, unusedconns.go: an HTTP server with limits and an orderly stop
//   - connections.go, connectionmetrics.go, descriptors_*.go: limits of TCP connections, in total and by address
//   - admin.go, drainstate.go: metrics, health, profiles, and whether clients are to go elsewhere
//   - task.go, stop.go: goroutines that are stopped, in order
package service
