// Package auth knows the bearer tokens that give their holders more than everybody has: a file names them and their roles, and is read again when it
// changes. A token never reaches a log line, an error or a metric.
package auth
