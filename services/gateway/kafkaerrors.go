package gateway

import (
	"errors"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/replay"
)

// lostInCatchUp is what the log does not have any more as catching up knows it.
func lostInCatchUp(err error) error {
	if err == nil {
		return nil
	}
	gone, ok := errors.AsType[*eventlog.OffsetGoneError](err)
	if !ok {
		return err
	}
	return &catchup.LostError{From: gone.Offset, To: gone.Resumption()}
}

// lostInReplay is what the log does not have any more as replays know it.
func lostInReplay(err error) error {
	if gone, ok := errors.AsType[*eventlog.OffsetGoneError](err); ok {
		return &replay.LostError{Offset: gone.Offset, First: gone.First}
	}
	return refuseChanged(err)
}

// refuseChanged tells a client that trying again does not help while the partitions of a topic are changed. Other errors stay as they are.
func refuseChanged(err error) error {
	if changed, ok := errors.AsType[*eventlog.PartitionsChangedError](err); ok {
		return protocol.Errorf(protocol.CodeUnavailable, "nothing of this can be subscribed to or replayed until the log is mended: %s", changed)
	}
	return err
}
