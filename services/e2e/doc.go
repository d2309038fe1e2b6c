// Package e2e tests the services together, as users run them: collector and gateway on a broker, and real clients. It has no code itself. Each folder next
// to this file tests one feature, across every transport and every client that it concerns.
//
//	matrix    every client on every transport: subscribing, reconnecting, errors, heartbeats; real results arrive complete; clients that vanish leave nothing
//	catchup   clients that read slowly or not at all catch up from the log: against an oracle, with randomly generated clients, and with limits on memory
//	resume    clients reconnect with cursors, as sessions of Socket.IO or as EventSources, also when their gateway stops or is killed; backlogs; gaps
//	fleet     gateways behind a load balancer that come, go and are killed (make fleet: minutes)
//	replay    history at every transport
//	faults    Kafka restarts, loses brokers, checks credentials, gets more partitions
//	abuse     attacks within all limits: what they cost, and that other clients do not notice
//	outages   the gateway detects incidents of the simulated network
//	pages     the pages in Chromium (make pages runs the ones that take minutes)
//	examples  the clients in examples/, and the snippets that the pages show
//	readme    the commands of the READMEs
//	programs  settings of all programs; the data folder of the program standalone
//	compose   docker-compose.yml on a Docker daemon (make compose)
//	clients   the programs from npm and PyPI that these tests run; no Go
//
// What several of them share is in internal:
//
//	testcluster  starts the services and their brokers, posts to them, reads their metrics
//	connection   a small client for every transport, which reads only on request
//	realclient   the clients that users have, as child processes
//	balancer     a load balancer in front of gateways: of TCP connections, and nginx
//	netproxy     a TCP proxy that cuts and redirects connections and delays upgrades
//	workload     numbered results under load: producers, and readers that check them
//	sample       the results themselves, generated or real
//	await        waiting for conditions
package e2e
