package collector

import (
	"context"

	"atlasstream/pkg/eventlog"
)

// keepKeys sees to it that gateways find the key that seals their cursors, until ctx ends. The doors do not wait for it.
func (c *collector) keepKeys(ctx context.Context) error {
	c.log.KeepCursorKey(ctx, keysTopic(c.cfg.Replication))
	return nil
}

func keysTopic(replication int) eventlog.TopicSpec {
	spec := eventlog.KeysSpec()
	spec.Replication = replication
	return spec
}
