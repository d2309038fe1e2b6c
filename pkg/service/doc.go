// Package service is what every process needs around its own work: settings, logging, the admin port, HTTP with limits, and an orderly stop.
package service
