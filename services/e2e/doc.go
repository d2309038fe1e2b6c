// Package e2e tests the services together, as their users run them: collector and gateway on a broker of Kafka, and real clients.
package e2e
