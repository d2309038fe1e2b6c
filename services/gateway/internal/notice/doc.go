// Package notice tells a client of its subscriptions, beside their records: that one begins and where, that its backlog has come, that it ends and why. Of a
// subscription to several measurements or probes it tells as of one, whose parts are a Group.
//
//   - subscription.go: a subscription as its client knows it, and what it is told of it.
//   - group.go: parts are told of together.
package notice
