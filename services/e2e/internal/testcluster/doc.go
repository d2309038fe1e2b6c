// Package testcluster runs the services that tests talk to. Everything that it starts listens on a free port of 127.0.0.1 and stops when the test ends; a
// service that does not stop in order fails the test.
//
// Each file calls only those below it:
//
//	standalone.go  all in one, as the program standalone runs it
//	replicas.go    several gateways that are peers, behind a balancer
//	peers.go       gateways that know each other, each in a process of its own
//	gateway.go     further gateways on the same broker
//	broker.go      Kafka: the embedded broker or Apache Kafka
//	process.go     collector and gateway as programs, each in a process of its own, and other child processes
//	cluster.go     Cluster: a collector and a gateway on a broker, in the process of the tests
//	post.go        what producers send: results, connection events, registries
//	metrics.go     what the admin ports and the read API answer
//	main.go        the check for leaked goroutines that every package of tests runs
package testcluster
