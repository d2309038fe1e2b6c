package service

// reservedDescriptors are kept for all that is no client's connection: the admin port, connections to Kafka, files. A process that may open few keeps half.
const reservedDescriptors = 512

// maxAddressConnections is as many as a large office behind one address needs.
const maxAddressConnections = 1000

// AddressConnectionsFor tells how many of so many connections one address may have unless a setting says otherwise: most are for others.
func AddressConnectionsFor(connections int) int {
	const share = 16
	return min(maxAddressConnections, max(1, connections/share))
}

// ConnectionsFor tells how many connections of clients there is room for among so many descriptors, so that the admin port and Kafka have theirs.
func ConnectionsFor(descriptors int) int {
	return descriptors - min(reservedDescriptors, descriptors/2)
}
