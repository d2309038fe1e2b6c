// Package security connects to Kafka over TLS, with or without a client certificate, and authenticates by SASL. Files are read again for each
// connection, as they may be renewed while a service runs.
package security
