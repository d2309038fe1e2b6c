// Package payloadtest reads whole bodies in tests.
package payloadtest

import "atlasstream/services/gateway/internal/socketio/engineio/payload"

// Decode returns all packets of a body, and with an error those before it.
func Decode(form payload.Form, body []byte, limits payload.Limits) (packets []payload.Packet, err error) {
	decoded, err := payload.Decode(form, body, limits)
	if err != nil {
		return nil, err
	}
	for packet, err := range decoded {
		if err != nil {
			return packets, err
		}
		packets = append(packets, packet)
	}
	return packets, nil
}
