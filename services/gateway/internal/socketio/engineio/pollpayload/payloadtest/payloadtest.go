// Package payloadtest reads whole bodies in tests.
package payloadtest

import "atlasstream/services/gateway/internal/socketio/engineio/pollpayload"

// Decode returns all packets of a body, and with an error those before it.
func Decode(form pollpayload.Form, body []byte, limits pollpayload.Limits) (packets []pollpayload.Packet, err error) {
	decoded, err := pollpayload.Decode(form, body, limits)
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
