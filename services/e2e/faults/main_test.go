// Package faults tests what clients notice when Kafka fails, which is nothing, and when its partitions change or its log is recreated.
package faults

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
