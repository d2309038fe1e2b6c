// Package catchup tests clients that are behind the live stream and read what they miss from the log.
//
//	stall_test.go             clients stop reading: memory and latency of the gateway, and heartbeats
//	subscribe_behind_test.go  subscribing and unsubscribing while behind
//	chaos_test.go             randomly generated clients against an oracle; ATLAS_SEEDS chooses the seeds
//
// The parts of the last one are
//
//	chaos_environment_test.go   the log that is written to, and two gateways whose clients have small queues
//	chaos_scenario_test.go      what is written, and when
//	chaos_client_test.go        simulatedClient: reads in bursts, disconnects anywhere, resumes at either gateway
//	chaos_subscription_test.go  what a client subscribes to, as segments without a break
//	chaos_segment_test.go       segment: what was delivered between two connections, compared with the log
//	chaos_oracle_test.go        logModel: what the log has, and in which order a client must receive it
package catchup

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
