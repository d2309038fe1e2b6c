// Package cursorkey has the keys of cursors: the operator's, or the one that the log has.
package cursorkey

import (
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/keyring"
)

// Purpose makes the keys of an operator's secrets.
const Purpose = keyring.Purpose("cursors")

// Keys are the keys of cursors: the first one seals them, and all open them. It implements session.Cursors.
type Keys struct {
	*cursorseal.Codec
	*keyring.Keys
}

// New makes keys that set those of a codec once Watch has them.
func New(codec *cursorseal.Codec, read keyring.Source, logger *zap.Logger) *Keys {
	return &Keys{codec, keyring.New(keyring.Use{
		Set:      codec.SetKeys,
		Key:      "key that seals cursors",
		Keys:     "keys of cursors",
		Without:  "nobody can subscribe with a cursor",
		Replaced: "cursors that were given out before are refused as [cursor_gone]",
	}, read, logger)}
}
