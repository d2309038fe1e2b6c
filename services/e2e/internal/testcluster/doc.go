// Package testcluster runs the services that tests talk to. Everything that it starts listens on a free port of 127.0.0.1 and stops when the test ends; a
// service that does not stop in order fails the test.
//
//	broker.go      Kafka: the embedded broker or Apache Kafka
//	cluster.go     Cluster: a collector and a gateway on a broker, in the process of the tests
//	gateway.go     further gateways on the same broker
//	standalone.go  all in one, as the program standalone runs it
//	process.go     collector and gateway as programs, each in a process of its own, and other child processes
//	post.go        what producers send: results, connection events, registries
//	metrics.go     what the admin ports and the read API answer
//	main.go        the check for leaked goroutines that every package of tests runs
package testcluster
