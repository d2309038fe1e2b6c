// Package kafkatest runs Apache Kafka for tests and benchmarks: one broker or several, as processes of their own on free ports of 127.0.0.1, in KRaft mode,
// every one of them broker and controller, so that a cluster of three outlives any one. A broker can be killed, stopped and brought back.
//
// The jars come from Maven Central by pom.xml; `make kafka` brings them. Java 17 or later runs them.
package kafkatest
