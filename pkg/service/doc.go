// Package service is what every program needs around its own work: settings, a log, the admin port, HTTP with limits, and an orderly stop.
//
// Each file calls only those below it:
//
//   - main.go: Main, which parses the command line and the environment, and runs a command until a signal
//   - healthcheck.go: commands that ask the admin port of a running program
//   - commandline.go: help and errors that name flags and variables
//   - defaults.go, setting.go: faults, ranges and defaults of settings
//   - variables.go, variables.txt: the environment variables of all programs
//   - logging.go: the log, with repeated warnings counted
//   - admin.go, drainstate.go: metrics, health, profiles, and whether clients are to go elsewhere
//   - http.go, unusedconns.go: an HTTP server with limits and an orderly stop
//   - connections.go, connectionmetrics.go, connectioncount.go, descriptors_*.go: limits of TCP connections, in total and by address
//   - memory.go: the limit of memory, by the container
//   - version.go: the version of the build
//   - task.go, stop.go: goroutines that are stopped, in order
package service
