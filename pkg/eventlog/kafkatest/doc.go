// Package kafkatest runs Apache Kafka for tests and benchmarks: one broker or several, as processes of their own on free ports of 127.0.0.1, in KRaft
// mode, each of them broker and controller, so that a cluster of three survives the loss of any one. A broker can be killed, stopped and restarted.
//
// pom.xml has the jars, which `make kafka` downloads from Maven Central. They need Java 17 or later.
package kafkatest
