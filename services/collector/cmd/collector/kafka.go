package main

import "atlasstream/pkg/kafkasettings"

// kafka are the settings that every command has.
type kafka struct {
	kafkasettings.Flags

	CreateTopics bool `help:"Make the topics that are missing; otherwise they are waited for." default:"true" negatable:""`
}

// topics are the settings of commands that make the live topics.
type topics struct {
	kafka

	Partitions  int `help:"Partitions of the results' topic, when it is made. They cannot be changed later."`
	Replication int `help:"Replicas of topics, when they are made; 0: three, or one on each broker where there are fewer." default:"0"`
}
