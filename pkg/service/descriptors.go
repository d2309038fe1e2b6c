package service

// reservedDescriptors are kept for all that is no client's connection: the admin port, connections to Kafka, files. A process that may open few keeps half.
const reservedDescriptors = 512

// ConnectionsFor tells how many connections of clients there is room for among so many descriptors, so that the admin port and Kafka have theirs.
func ConnectionsFor(descriptors int) int {
	return descriptors - min(reservedDescriptors, descriptors/2)
}
