// Package security reaches Kafka as operators protect it: over TLS, with a client's certificate or without, and by the mechanisms of SASL. Files are read
// again for each connection, as what is in them is renewed while a service runs.
package security
