package protocol

// Code names a kind of error.
type Code string

// Codes of errors in the parameters of a subscription.
const (
	CodeMalformed         Code = "malformed"          // not a JSON object, or a message that is not an event
	CodeUnknownParameter  Code = "unknown_parameter"  // a parameter that does not exist
	CodeInvalidParameter  Code = "invalid_parameter"  // a parameter with a value that it cannot have
	CodeMissingParameter  Code = "missing_parameter"  // a parameter that is required
	CodeRepeatedParameter Code = "repeated_parameter" // a parameter that is given twice
	CodeUnservedParameter Code = "unserved_parameter" // a parameter of RIPE's service that this one does not serve
)

// Codes of errors in what a subscription asks for.
const (
	CodeUnknownMeasurement Code = "unknown_measurement" // no such measurement, or none that the client may see
	CodeNotAllowed         Code = "not_allowed"         // the client lacks the right
	CodeAlreadyLive        Code = "already_live"        // the client receives the measurement live
	CodeAlreadyPlaying     Code = "already_playing"     // the client has another replay of the measurement
	CodeNotSubscribed      Code = "not_subscribed"      // there is no subscription to end
	CodeBeforeLog          Code = "before_log"          // the start is before all that the log has
	CodeTooFast            Code = "too_fast"            // the speed is above the limit, which the words name
	CodeTooMuch            Code = "too_much"            // more than one request or replay reads
	CodeBadCursor          Code = "bad_cursor"          // a cursor that is damaged, or of something else
	CodeCursorGone         Code = "cursor_gone"         // a valid cursor whose place the log no longer has
)

// Codes of limits.
const (
	CodeTooManyClients       Code = "too_many_clients"
	CodeTooManyConnections   Code = "too_many_connections"
	CodeTooManyMessages      Code = "too_many_messages"
	CodeTooManySubscriptions Code = "too_many_subscriptions"
	CodeTooManyReplays       Code = "too_many_replays"
	CodeTooManyReads         Code = "too_many_reads"
)

// Codes of what happens to a client or in the service.
const (
	CodeUnknownEvent  Code = "unknown_event"  // the client sent an event that does not exist
	CodeUnknownPath   Code = "unknown_path"   // no such path in the read API
	CodeUnknownMethod Code = "unknown_method" // neither GET nor HEAD
	CodeInvalidToken  Code = "invalid_token"  // a token that this gateway does not know
	CodeGap           Code = "gap"            // records were not delivered and will not be; the words say which
	CodeTooSlow       Code = "too_slow"       // the client does not keep up and is closed
	CodeUnavailable   Code = "unavailable"    // the log cannot be read now
	CodeShuttingDown  Code = "shutting_down"  // the gateway is stopping

	CodePleaseReconnect Code = "please_reconnect" // another gateway has fewer clients
)
