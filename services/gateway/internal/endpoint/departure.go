package endpoint

import "atlasstream/services/gateway/internal/protocol"

// departure is why a client has disconnected, in metrics. There are no others than these, so that they are few.
type departure string

// What a client does, and what is found at its connection.
const (
	departureClient         departure = "client"          // it has disconnected, or its connection was lost
	departureFinished       departure = "finished"        // the only subscription of a body has ended
	departureRefused        departure = "refused"         // the only subscription of a body was refused
	departurePingTimeout    departure = "ping_timeout"    // it has given no sign of life
	departureTransportError departure = "transport_error" // it has broken a rule of its transport, or could not be written to
	departureOther          departure = "other"
)

// Departures after an error that the client is sent have its code.
const (
	departureMalformed       = departure(protocol.CodeMalformed)
	departureTooSlow         = departure(protocol.CodeTooSlow)
	departureTooManyMessages = departure(protocol.CodeTooManyMessages)
	departureInvalidToken    = departure(protocol.CodeInvalidToken)
	departurePleaseReconnect = departure(protocol.CodePleaseReconnect)
	departureShuttingDown    = departure(protocol.CodeShuttingDown)
	departureUnavailable     = departure(protocol.CodeUnavailable)
)

var departures = []departure{
	departureClient, departureFinished, departureRefused, departurePingTimeout, departureTransportError, departureOther, departureMalformed, departureTooSlow,
	departureTooManyMessages, departureInvalidToken, departurePleaseReconnect, departureShuttingDown, departureUnavailable,
}

// socketIODepartures are the departures of Socket.IO's reasons for the end of a connection, by those names that have another one in metrics.
var socketIODepartures = map[string]departure{
	"transport close":             departureClient,
	"client namespace disconnect": departureClient,
	"transport error":             departureTransportError,
	"ping timeout":                departurePingTimeout,
	"parse error":                 departureMalformed,
	"queue full":                  departureTooSlow,
	"too many messages":           departureTooManyMessages,
	"server shutting down":        departureShuttingDown,
	"server disconnect":           departureUnavailable, // it could not be recovered, unless it was sent an error
}

func departureOfSocketIO(reason string) departure {
	if known, is := socketIODepartures[reason]; is {
		return known
	}
	return departureOther
}
